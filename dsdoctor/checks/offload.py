"""Offload blocks that offload nothing, or not what they say.

Read from deepspeed 0.19.8 runtime/engine.py (_configure_optimizer, _configure_zero_optimizer),
zero/offload_config.py, zero/stage_1_and_2.py, zero/stage3.py (_configure_offloading).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dsdoctor.checks.patches import last_names, listed, put, without
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.zero_keys import zero
from dsdoctor.job.gap import MISSING
from dsdoctor.job.place import Path, Setting, path_of
from dsdoctor.job.resolve import offload_device, stage, value
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Severity

DEVICES = ("cpu", "nvme")
TO_STAGE_3 = Fix("Use ZeRO stage 3", put(zero("stage"), 3))

READ_WITH_NVME = {
    "optimizer": ("nvme_path", "buffer_count", "pipeline_read", "pipeline_write", "fast_init"),
    "param": ("nvme_path", "buffer_count", "buffer_size", "max_in_cpu"),
}
"""Keys of an offload block that only the swapping to NVMe reads."""

READ_AT_STAGE_3 = ("super_offload", "cpuadam_cores_perc")


def block_of(what: str) -> Path:
    """The way to ``offload_optimizer`` or ``offload_param``."""
    return zero(f"offload_{what}")


def asking(spec: JobSpec, what: str) -> Setting | None:
    """What asks for the offload: the device, or the old spelling."""
    old = {"optimizer": "cpu_offload", "param": "cpu_offload_param"}[what]
    return spec.setting((*block_of(what), "device")) or spec.setting(zero(old))


def param_below_stage_3(spec: JobSpec) -> Iterator[Problem]:
    """``offload_param`` where parameters are not partitioned."""
    at, setting = stage(spec), asking(spec, "param")
    if at in (0, 1, 2) and setting and offload_device(spec, "param") in DEVICES:
        block = spec.setting(block_of("param")) or setting
        remove = Fix("Remove offload_param, which does nothing here", without([block]))
        yield Problem(
            "DSC102",
            {"device": str(offload_device(spec, "param")), "stage": str(at)},
            (setting,),
            fixes=(TO_STAGE_3, remove),
        )


def optimizer_without_zero(spec: JobSpec) -> Iterator[Problem]:
    """``offload_optimizer`` at stage 0: the optimizer becomes a CPU one, its states do not move."""
    setting = asking(spec, "optimizer")
    if stage(spec) == 0 and setting and offload_device(spec, "optimizer") in DEVICES:
        block = spec.setting(block_of("optimizer")) or setting
        yield Problem(
            "DSC103",
            {"device": str(offload_device(spec, "optimizer"))},
            (setting,),
            fixes=(
                Fix("Use ZeRO stage 2", put(zero("stage"), 2)),
                Fix("Remove the offload", without([block])),
            ),
        )


def device_not_given(spec: JobSpec) -> Iterator[Problem]:
    """An offload block without a device: ``{}`` means no offload."""
    for what in ("optimizer", "param"):
        block = spec.raw(block_of(what))
        setting = spec.setting(block_of(what))
        if not isinstance(block, Mapping) or setting is None or block.get("device") is not None:
            continue
        if "device" in block:
            continue
        yield Problem(
            "DSC104",
            {"block": f"offload_{what}"},
            (setting,),
            fixes=(
                Fix("Offload to CPU memory", put((*block_of(what), "device"), "cpu")),
                Fix("Remove the block, which does nothing", without([setting])),
            ),
        )


def ratio_below_stage_3(spec: JobSpec) -> Iterator[Problem]:
    """A part of the optimizer offloaded at a stage that takes all or nothing."""
    path = (*block_of("optimizer"), "ratio")
    ratio, setting = value(spec, path), spec.setting(path)
    if setting and isinstance(ratio, (int, float)) and ratio < 1 and stage(spec) in (0, 1, 2):
        whole = Fix("Offload everything: remove ratio", without([setting]))
        yield Problem("DSC037", {}, (setting,), fixes=(whole, TO_STAGE_3))


def super_offload_ignored(spec: JobSpec) -> Iterator[Problem]:
    """``super_offload`` and its companion below stage 3."""
    settings = _written(spec, "optimizer", READ_AT_STAGE_3)
    if stage(spec) in (1, 2) and offload_device(spec, "optimizer") in DEVICES and settings:
        lost = value(spec, (*block_of("optimizer"), "super_offload")) is True
        remove = Fix(f"Remove {last_names(settings)}", without(settings), safe=True)
        yield Problem(
            "DSC105",
            {"keys": last_names(settings), "stage": str(stage(spec))},
            settings,
            Severity.ERROR if lost else Severity.WARNING,
            fixes=(remove,),
        )


def nvme_keys_without_nvme(spec: JobSpec) -> Iterator[Problem]:
    """Keys of the NVMe swapping beside another device."""
    for what, wanted in READ_WITH_NVME.items():
        device, settings = offload_device(spec, what), _written(spec, what, wanted)
        if device not in ("cpu", "none") or not settings or not _has_device(spec, what):
            continue
        lost = [item for item in settings if item.name.endswith("nvme_path")]
        remove = Fix(
            f"Remove {last_names(settings)}, which DeepSpeed does not read here",
            without(settings),
            safe=True,
        )
        yield Problem(
            "DSC106",
            {
                "keys": listed(path_of(item.name)[-1] for item in settings),
                "block": f"offload_{what}",
                "device": str(device),
            },
            (*lost, *(item for item in settings if item not in lost)),
            Severity.WARNING if lost and device == "cpu" else Severity.INFO,
            fixes=(remove,),
        )


def not_pinned(spec: JobSpec) -> Iterator[Problem]:
    """Offload through pageable memory."""
    for what in ("optimizer", "param"):
        device, path = offload_device(spec, what), (*block_of(what), "pin_memory")
        if device not in DEVICES or value(spec, path) is not False:
            continue
        if stage(spec) not in ((1, 2, 3) if what == "optimizer" else (3,)):
            continue
        setting = spec.setting(path) or asking(spec, what)
        fix = Fix("Pin the offloaded memory, where RAM and ulimit -l allow", put(path, True))
        fixes = (fix,) if spec.raw(block_of(what)) is not MISSING else ()
        yield Problem(
            "DSM038",
            {"block": f"offload_{what}"},
            (setting,) if setting else (),
            fixes=fixes,
        )


def _has_device(spec: JobSpec, what: str) -> bool:
    return spec.raw((*block_of(what), "device")) not in (MISSING, "auto")


def _written(spec: JobSpec, what: str, wanted: tuple[str, ...]) -> tuple[Setting, ...]:
    """Those of ``wanted`` that are written, with something in them, and known to this version."""
    ways = [(*block_of(what), name) for name in wanted]
    found = [spec.setting(way) for way in ways if spec.schema.key(way)]
    return tuple(item for item in found if item and item.value not in (None, "none", "auto"))


CHECKS: tuple[Check, ...] = (
    param_below_stage_3,
    optimizer_without_zero,
    device_not_given,
    ratio_below_stage_3,
    super_offload_ignored,
    nvme_keys_without_nvme,
    not_pinned,
)
