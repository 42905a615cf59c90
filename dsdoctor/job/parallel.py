"""How many ranks DeepSpeed counts in the batch arithmetic.

Tensor parallelism by ``tensor_parallel.autotp_size`` does not change it: DeepSpeedConfig is made
before the tensor-parallel groups are.

Read from deepspeed 0.19.8 __init__.py (initialize) and runtime/config.py (DeepSpeedConfig).
"""

from __future__ import annotations

from fractions import Fraction

from dsdoctor.job.gap import known
from dsdoctor.job.resolve import value
from dsdoctor.job.spec import JobSpec


def tensor_parallel_size(spec: JobSpec) -> int:
    """``tensor_parallel.autotp_size``; 1 where it is off."""
    return max(1, _integer(spec, "tensor_parallel", "autotp_size"))


def sequence_parallel_size(spec: JobSpec) -> int:
    """``sequence_parallel_size``; 1 where it is off, or in releases that do not count with it."""
    if spec.schema.line in ("0.14", "0.15", "0.16"):
        return 1
    return max(1, _integer(spec, "sequence_parallel_size"))


def data_parallel_size(spec: JobSpec) -> Fraction | None:
    """The number that DeepSpeed calls world_size in the batch arithmetic; None if unknown.

    It is a fraction where the sizes do not divide the world size, as it is for DeepSpeed.
    """
    return Fraction(spec.ranks, sequence_parallel_size(spec)) if spec.ranks else None


def _integer(spec: JobSpec, *path: str) -> int:
    found = value(spec, path)
    return found if known(found) and isinstance(found, int) else 0
