"""The block ``pipeline``, which only a PipelineModule looks at.

Read from deepspeed 0.19.8 runtime/pipe/engine.py and runtime/pipe/module.py: the number of stages
and how layers are spread over them come from the script.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dsdoctor.checks.built import found
from dsdoctor.checks.patches import last_names, without
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.job.place import Path
from dsdoctor.job.resolve import stage
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Confidence, Severity

BLOCK: Path = ("pipeline",)
STAGES: Path = (*BLOCK, "stages")
FROM_SCRIPT = ("stages", "partition", "seed_layers")


def with_zero(spec: JobSpec) -> Iterator[Problem]:
    """Whoever pipelines cannot use stage 2 or 3."""
    at, block = stage(spec), spec.raw(BLOCK)
    if at in (2, 3) and isinstance(block, Mapping) and block:
        settings = found(spec, BLOCK, ("zero_optimization", "stage"))
        values = {"stage": str(at)}
        yield Problem("DSC041", values, settings, Severity.INFO, Confidence.POSSIBLE)


def stages_against_world(spec: JobSpec) -> Iterator[Problem]:
    """If the script makes as many stages as the file says, they must divide the ranks."""
    stages, ranks = spec.raw(STAGES), spec.ranks
    if isinstance(stages, bool) or not isinstance(stages, int) or stages < 1 or not ranks:
        return
    if ranks % stages:
        values = {"stages": str(stages), "world": str(ranks)}
        settings = found(spec, STAGES)
        if spec.world_size:
            settings = (*settings, spec.world_size)
        yield Problem("DSC042", values, settings, Severity.WARNING, Confidence.POSSIBLE)


def keys_from_script(spec: JobSpec) -> Iterator[Problem]:
    """Keys that DeepSpeed keeps and never reads."""
    block = spec.raw(BLOCK)
    names = [name for name in FROM_SCRIPT if isinstance(block, Mapping) and name in block]
    settings = found(spec, *((*BLOCK, name) for name in names))
    settings = tuple(item for item in settings if item.value not in ("auto", "best", False))
    if settings:
        remove = Fix(f"Remove {last_names(settings)}", without(settings), safe=True)
        values = {
            "key": f"pipeline.{last_names(settings)}",
            "reason": "PipelineModule is told by the script (num_stages, partition_method)",
            "version": spec.schema.version,
        }
        yield Problem("DSC155", values, settings, fixes=(remove,))


CHECKS: tuple[Check, ...] = (with_zero, stages_against_world, keys_from_script)
