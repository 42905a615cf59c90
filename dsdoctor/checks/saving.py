"""What ZeRO saves, and what it starts from when it loads.

Read from deepspeed 0.19.8 runtime/engine.py (save_16bit_model, _load_zero_checkpoint) and
transformers 5.23 trainer.py (save_model); runtime/model_checkpointing/
data_parallel_writer_factory.py for the writer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dsdoctor.checks.modes import model_type
from dsdoctor.checks.patches import put, without
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.zero_keys import zero
from dsdoctor.job.gap import MISSING
from dsdoctor.job.place import Path
from dsdoctor.job.resolve import stage, value
from dsdoctor.job.spec import Filler, JobSpec
from dsdoctor.model import Confidence, Severity

GATHER = zero("stage3_gather_16bit_weights_on_model_save")
OLD = zero("stage3_gather_fp16_weights_on_model_save")


def weights_not_gathered(spec: JobSpec) -> Iterator[Problem]:
    """Stage 3, and the job saves, or may save, a model file."""
    if stage(spec) != 3 or value(spec, GATHER) is not False or value(spec, OLD) is True:
        return
    saves = _trainer_saves(spec)
    if saves is False:
        return
    settings = (spec.setting(GATHER), spec.setting(zero("stage")), spec.argument("save_strategy"))
    yield Problem(
        "DSK014",
        {},
        tuple(item for item in settings if item),
        Severity.WARNING if saves else Severity.INFO,
        Confidence.LIKELY if saves else Confidence.POSSIBLE,
        (Fix("Gather the weights when saving", put(GATHER, True)),),
    )


def _trainer_saves(spec: JobSpec) -> bool | None:
    """Does the Trainer save checkpoints? None if the arguments are not known."""
    if spec.filler is not Filler.TRAINER or not spec.arguments_given:
        return None
    strategy = spec.argument("save_strategy")
    return strategy is None or str(strategy.value).lower() != "no"


def master_weights_rounded(spec: JobSpec) -> Iterator[Problem]:
    """``load_from_fp32_weights`` off: a resumed run starts from 16-bit weights."""
    path = zero("load_from_fp32_weights")
    setting = spec.setting(path)
    if stage(spec) not in (1, 2, 3) or model_type(spec) not in ("fp16", "bf16"):
        return
    if setting and value(spec, path) is False:
        fix = Fix("Take DeepSpeed's default, true", without([setting]))
        yield Problem("DSP031", {}, (setting,), fixes=(fix,))


WRITER: Path = ("checkpoint", "writer")
UNIT: Path = (*WRITER, "data_parallel")


def writer_without_unit(spec: JobSpec) -> Iterator[Problem]:
    """Below stage 3 the fast writer asks for a rank that nobody has set."""
    known = spec.schema.key(WRITER) is not None and isinstance(spec.raw(WRITER), Mapping)
    if known and stage(spec) in (0, 1, 2) and spec.raw(UNIT) in (MISSING, None):
        settings = tuple(item for item in (spec.setting(UNIT), spec.setting(WRITER)) if item)
        share = Fix("Let every replica write its share", put(UNIT, "replica"))
        plain = Fix("Save with torch", put(WRITER, None))
        values = {"stage": str(stage(spec))}
        yield Problem("DSK032", values, settings, fixes=(share, plain))


CHECKS: tuple[Check, ...] = (weights_not_gathered, master_weights_rounded, writer_without_unit)
