"""Known keys that this version, or this job, never looks at.

Read from deepspeed 0.19.8 runtime/engine.py and runtime/config.py, and of 0.14.5 to 0.18.9.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.checks.built import OFF, PARAMS, chosen, found
from dsdoctor.checks.modes import mode
from dsdoctor.checks.patches import without
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.job.gap import MISSING
from dsdoctor.job.place import Path, path_of
from dsdoctor.job.resolve import offload_device, stage
from dsdoctor.job.spec import JobSpec

FUSION: Path = ("optimizer", "legacy_fusion")
STATES: Path = (*PARAMS, "fp32_optimizer_states")
FORCE: Path = ("zero_force_ds_cpu_optimizer",)


def unread_keys(spec: JobSpec) -> Iterator[Problem]:
    """A key that does nothing, and why."""
    for path, reason in _unread(spec):
        for setting in found(spec, path):
            name = path_of(setting.name)[-1]
            values = {"key": setting.name, "reason": reason, "version": spec.schema.version}
            fix = Fix(f"Remove {name}", without([setting]), safe=True)
            yield Problem("DSC155", values, (setting,), fixes=(fix,))


def _unread(spec: JobSpec) -> Iterator[tuple[Path, str]]:
    if spec.raw(("disable_allgather",)) not in OFF:
        yield ("disable_allgather",), "no part of DeepSpeed asks for it"
    one = chosen(spec)
    if one is None:
        return
    if spec.raw(FUSION) not in OFF and _never_fp16_optimizer(spec, one.class_name):
        yield FUSION, "only FusedAdam in 16 bit without ZeRO has two ways to fuse"
    taken = "fp32_optimizer_states" in one.optimizer.takes
    if taken and spec.raw(STATES) is not MISSING and one.use in ("default", "torch_adam"):
        yield STATES, "only the CPU Adam of an offloaded optimizer has a choice"
    offloads = offload_device(spec, "optimizer") in ("cpu", "nvme")
    if spec.raw(FORCE) in (False, 0, "") and offloads:
        yield FORCE, "it is about an optimizer that the script passes, and the file names one"


def _never_fp16_optimizer(spec: JobSpec, class_name: str) -> bool:
    if stage(spec) in (1, 2, 3) or class_name != "FusedAdam":
        return True
    return mode(spec, "fp16") is False and mode(spec, "bf16") is False


CHECKS: tuple[Check, ...] = (unread_keys,)
