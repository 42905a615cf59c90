"""What DeepSpeed will use: defaults, old spellings and "auto" resolved."""

from __future__ import annotations

from typing import Any

from dsdoctor.job.filling import filled, fills
from dsdoctor.job.gap import MISSING, UNKNOWN, known
from dsdoctor.job.place import Path
from dsdoctor.job.schema.coerce import coerce
from dsdoctor.job.spec import JobSpec

STAGE: Path = ("zero_optimization", "stage")


def value(spec: JobSpec, path: Path) -> Any:
    """The value at ``path`` as DeepSpeed will see it.

    Returns:
        The coerced value, the default where nothing is written, ``UNKNOWN`` where "auto" is
        filled from something that is not known here, ``MISSING`` where there is not even a
        default. A value that DeepSpeed refuses is returned as written.
    """
    written = spec.raw(path)
    if written is MISSING:
        return _implied(spec, path)
    if written == "auto":
        return _auto(spec, path)
    return _coerced(spec, path, written)


def _coerced(spec: JobSpec, path: Path, written: Any) -> Any:
    key = spec.schema.key(path)
    if key is None:
        return written
    accepted, result = coerce(key, written)
    return result if accepted else written


def _auto(spec: JobSpec, path: Path) -> Any:
    """The word "auto": filled by somebody, dropped by a pydantic block, or kept as it is."""
    if fills(spec.filler, path):
        return filled(spec, path)
    block = spec.schema.block(path[:-1])
    if block is not None and block.drops_auto:
        return default(spec, path)
    return "auto"


def _implied(spec: JobSpec, path: Path) -> Any:
    """Nothing is written at ``path`` itself: an old spelling elsewhere, or the default."""
    if path == STAGE and isinstance(spec.raw(("zero_optimization",)), bool):
        return int(spec.raw(("zero_optimization",)))
    if path[:1] == ("bf16",) and spec.config.get(("bf16",)) is None:
        old = spec.raw(("bfloat16", *path[1:]))
        if known(old):
            return _coerced(spec, path, old)
    if _asks_for_cpu(spec, path):
        return "cpu"
    return default(spec, path)


_OLD_OFFLOAD = {"offload_optimizer": "cpu_offload", "offload_param": "cpu_offload_param"}


def _asks_for_cpu(spec: JobSpec, path: Path) -> bool:
    """``cpu_offload: true`` is the old way to say ``offload_optimizer: {device: cpu}``."""
    if len(path) != 3 or path[0] != "zero_optimization" or path[2] != "device":
        return False
    old = _OLD_OFFLOAD.get(path[1])
    if old is None or known(spec.raw(path[:2])):
        return False
    return value(spec, ("zero_optimization", old)) is True


def default(spec: JobSpec, path: Path) -> Any:
    """DeepSpeed's default at ``path`` in the version at hand; ``MISSING`` if it has none."""
    if path == ("zero_optimization", "overlap_comm"):
        return _overlap_default(spec)
    found = spec.schema.default(path)
    return MISSING if found is None else found


def _overlap_default(spec: JobSpec) -> Any:
    """``overlap_comm`` left open means true at stage 3 only."""
    at = stage(spec)
    return UNKNOWN if at is UNKNOWN else at == 3


def stage(spec: JobSpec) -> Any:
    """The ZeRO stage, 0 to 3, or ``UNKNOWN``; what is not a stage is returned as written."""
    return value(spec, STAGE)


def enabled(spec: JobSpec, *block: str) -> Any:
    """``block.enabled`` as true, false or ``UNKNOWN``."""
    return value(spec, (*block, "enabled"))


def offload_device(spec: JobSpec, what: str) -> Any:
    """``none``, ``cpu``, ``nvme`` or ``UNKNOWN`` for ``what``: ``optimizer`` or ``param``."""
    return value(spec, ("zero_optimization", f"offload_{what}", "device"))
