"""Sizes of parallel groups that the number of ranks cannot be cut into.

Read from deepspeed 0.19.8 __init__.py (initialize), runtime/engine.py (_apply_autotp_partitioning),
utils/groups.py and module_inject/auto_ep_config.py (validate_autoep_config); the errors were tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dsdoctor.checks.built import found
from dsdoctor.checks.patches import put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.job.place import Path, Setting
from dsdoctor.job.resolve import value
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Confidence, Severity

TENSOR: Path = ("tensor_parallel", "autotp_size")
INNER: Path = ("tensor_parallel", "tp", "tp_size")
SEQUENCE: Path = ("sequence_parallel_size",)
DATA: Path = ("data_parallel_size",)
EXPERT: Path = ("expert_parallel", "autoep_size")
EXPERT_TENSOR: Path = ("expert_parallel", "expert_tensor_parallel_size")


def tensor_parallel(spec: JobSpec) -> Iterator[Problem]:
    """``autotp_size`` against the number of ranks."""
    size, ranks = _size(spec, TENSOR), spec.ranks
    if size is None or ranks is None or ranks % size == 0:
        return
    values = {"size": str(size), "world": str(ranks)}
    settings = _with_ranks(spec, TENSOR)
    yield Problem(
        "DSC058",
        values,
        settings,
        None if size > ranks else Severity.WARNING,
        Confidence.CERTAIN if size > ranks else Confidence.LIKELY,
        (_divisor(TENSOR, size, ranks),),
    )


def inner_size(spec: JobSpec) -> Iterator[Problem]:
    """``tp.tp_size`` is an older place for the same number, and must not be another one."""
    size, inner = _size(spec, TENSOR), _size(spec, INNER)
    if size is None or inner in (None, 1, size) or spec.schema.line not in ("0.18", "0.19"):
        return
    fix = Fix("Remove tp.tp_size", put(INNER, None))
    values = {"inner": str(inner), "size": str(size)}
    yield Problem("DSC138", values, found(spec, INNER, TENSOR), fixes=(fix,))


def sequence_mesh(spec: JobSpec) -> Iterator[Problem]:
    """Where both sizes are given, DeepSpeed makes a mesh of them."""
    sequence, data, ranks = _size(spec, SEQUENCE), _size(spec, DATA), spec.ranks
    if sequence is None or data is None or ranks is None or sequence * data == ranks:
        return
    product = sequence * data
    values = {"product": str(product), "sequence": str(sequence), "data": str(data)}
    fixes = [Fix("Remove data_parallel_size", put(DATA, None))]
    if ranks % sequence == 0:
        right = ranks // sequence
        fixes.insert(0, Fix(f"Write {right} for data_parallel_size", put(DATA, right)))
    yield Problem(
        "DSC137",
        {**values, "world": str(ranks)},
        _with_ranks(spec, DATA, SEQUENCE),
        None if product > ranks else Severity.WARNING,
        fixes=tuple(fixes),
    )


def expert_parallel(spec: JobSpec) -> Iterator[Problem]:
    """Expert groups must divide the ranks of one pipeline stage; there is one in most jobs."""
    if value(spec, ("expert_parallel", "enabled")) is not True or spec.ranks is None:
        return
    experts, tensor = _size(spec, EXPERT), _size(spec, EXPERT_TENSOR)
    if experts is None or tensor is None or spec.ranks % (experts * tensor) == 0:
        return
    values = {"size": str(experts * tensor), "world": str(spec.ranks)}
    fixes = (_divisor(EXPERT, experts, spec.ranks),) if tensor == 1 else ()
    settings = _with_ranks(spec, EXPERT, EXPERT_TENSOR)
    yield Problem("DSC136", values, settings, confidence=Confidence.LIKELY, fixes=fixes)


def _size(spec: JobSpec, path: Path) -> int | None:
    """The size, if it is one and this DeepSpeed has the key."""
    number: Any = value(spec, path) if spec.schema.key(path) else None
    whole = isinstance(number, int) and not isinstance(number, bool)
    return number if whole and number >= 1 else None


def _divisor(path: Path, size: int, ranks: int) -> Fix:
    """The largest size below the one given into which the ranks can be cut."""
    best = max(part for part in range(1, min(size, ranks) + 1) if ranks % part == 0)
    return Fix(f"Write {best} for {path[-1]}", put(path, best))


def _with_ranks(spec: JobSpec, *paths: Path) -> tuple[Setting, ...]:
    ranks = (spec.world_size,) if spec.world_size else ()
    return (*found(spec, *paths), *ranks)


CHECKS: tuple[Check, ...] = (tensor_parallel, inner_size, sequence_mesh, expert_parallel)
