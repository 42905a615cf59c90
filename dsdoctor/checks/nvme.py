"""Offload to NVMe: where it works, and what it needs.

Read from deepspeed 0.19.8 runtime/zero/stage3.py (_configure_tensor_swapping),
zero/stage_1_and_2.py, swap_tensor/partitioned_param_swapper.py, swap_tensor/optimizer_utils.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.checks.offload import block_of
from dsdoctor.checks.patches import joined, put, without
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.zero_keys import zero
from dsdoctor.job.gap import MISSING
from dsdoctor.job.place import Setting
from dsdoctor.job.resolve import offload_device, stage, value
from dsdoctor.job.spec import JobSpec

STATES_OF_ADAM = 4
"""Parameter, gradient, momentum and variance: a buffer each."""


def optimizer_below_stage_3(spec: JobSpec) -> Iterator[Problem]:
    """NVMe for the optimizer at stage 1 or 2: it goes to CPU memory."""
    at, setting = stage(spec), spec.setting((*block_of("optimizer"), "device"))
    if at in (1, 2) and setting and offload_device(spec, "optimizer") == "nvme":
        to_cpu = joined(
            put((*block_of("optimizer"), "device"), "cpu"),
            without(_present(spec, "optimizer", "nvme_path")),
        )
        yield Problem(
            "DSC107",
            {"stage": str(at)},
            (setting,),
            fixes=(
                Fix("Say cpu, which is what happens", to_cpu),
                Fix("Use ZeRO stage 3", put(zero("stage"), 3)),
            ),
        )


def path_missing(spec: JobSpec) -> Iterator[Problem]:
    """NVMe without a path."""
    for what in ("optimizer", "param"):
        device = spec.setting((*block_of(what), "device"))
        if stage(spec) != 3 or not device or offload_device(spec, what) != "nvme":
            continue
        if value(spec, (*block_of(what), "nvme_path")) in (None, MISSING):
            yield Problem(
                "DSH060",
                {"block": f"offload_{what}"},
                (device,),
                fixes=(
                    Fix("Offload to CPU memory instead", put((*block_of(what), "device"), "cpu")),
                ),
            )


def few_buffers(spec: JobSpec) -> Iterator[Problem]:
    """Fewer swap buffers than Adam has states."""
    path = (*block_of("optimizer"), "buffer_count")
    count, setting = value(spec, path), spec.setting(path)
    if stage(spec) != 3 or offload_device(spec, "optimizer") != "nvme" or setting is None:
        return
    if isinstance(count, int) and not isinstance(count, bool) and count < STATES_OF_ADAM:
        fix = Fix(f"Use {STATES_OF_ADAM} buffers", put(path, STATES_OF_ADAM))
        yield Problem("DSC109", {"count": str(count)}, (setting,), fixes=(fix,))


def no_aio_block(spec: JobSpec) -> Iterator[Problem]:
    """NVMe with the I/O settings left at their defaults."""
    using = _on_nvme(spec)
    if using and spec.raw(("aio",)) is MISSING:
        yield Problem("DSC110", {}, using)


def aio_unused(spec: JobSpec) -> Iterator[Problem]:
    """I/O settings, and nothing on NVMe."""
    setting = spec.setting(("aio",))
    devices = [offload_device(spec, what) for what in ("optimizer", "param")]
    writer = spec.raw(("checkpoint", "writer"))
    if setting is None or stage(spec) not in (0, 1, 2, 3) or writer is not MISSING:
        return
    if stage(spec) != 3 or all(device in ("cpu", "none", MISSING) for device in devices):
        remove = Fix("Remove the aio block", without([setting]), safe=True)
        yield Problem("DSC111", {}, (setting,), fixes=(remove,))


def _on_nvme(spec: JobSpec) -> tuple[Setting, ...]:
    if stage(spec) != 3:
        return ()
    found = [
        spec.setting((*block_of(what), "device"))
        for what in ("optimizer", "param")
        if offload_device(spec, what) == "nvme"
    ]
    return tuple(item for item in found if item)


def _present(spec: JobSpec, what: str, name: str) -> tuple[Setting, ...]:
    setting = spec.setting((*block_of(what), name))
    return (setting,) if setting else ()


CHECKS: tuple[Check, ...] = (
    optimizer_below_stage_3,
    path_missing,
    few_buffers,
    no_aio_block,
    aio_unused,
)
