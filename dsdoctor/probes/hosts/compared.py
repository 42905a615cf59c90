"""What should be the same on every host of a job, and how bad it is where it is not.

Ranks of one job run one program: they exchange pickled objects, NCCL messages and shards of equal
size. The mildest grade is for what explains a difference in speed or a failure on one host only.
"""

from __future__ import annotations

from dataclasses import dataclass

from dsdoctor.model import Severity


@dataclass(frozen=True, slots=True)
class Compared:
    """One thing to compare.

    Args:
        probe: whose fact it is.
        path: where in its facts; ``*`` stands for every item of a list or mapping, of which the
            different ones are shown, ``#`` for the names in a mapping.
        name: what a person calls it.
        severity: of a difference.
        tolerance: of numbers, relative to the usual one.
    """

    probe: str
    path: tuple[str, ...]
    name: str
    severity: Severity
    tolerance: float = 0.0


def _row(where: str, name: str, severity: Severity, tolerance: float = 0.0) -> Compared:
    probe, *path = where.split("/")
    return Compared(probe, tuple(path), name, severity, tolerance)


_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

COMPARED: tuple[Compared, ...] = (
    _row("gpus/count", "number of GPUs", _WARNING),
    _row("gpus/gpus/*/name", "GPU model", _WARNING),
    _row("gpus/gpus/*/memory_gib", "GPU memory in GiB", _WARNING, 0.02),
    _row("gpus/driver", "NVIDIA driver", _WARNING),
    _row("versions/torch", "torch", _ERROR),
    _row("versions/torch.cuda", "CUDA of torch", _ERROR),
    _row("versions/deepspeed", "DeepSpeed", _ERROR),
    _row("versions/nccl", "NCCL", _ERROR),
    _row("versions/python", "Python", _WARNING),
    _row("versions/python_path", "path of the job's Python", _INFO),
    _row("versions/transformers", "transformers", _WARNING),
    _row("versions/accelerate", "accelerate", _WARNING),
    _row("memory/ram_gib", "RAM in GiB", _WARNING, 0.05),
    _row("memory/limit_gib", "memory limit of the cgroup in GiB", _WARNING, 0.05),
    _row("cpus/allowed", "number of CPUs", _INFO),
    _row("limits/locked_memory", "locked-memory limit", _WARNING),
    _row("limits/open_files", "open-files limit", _INFO),
    _row("shm/total_gib", "size of /dev/shm in GiB", _WARNING, 0.05),
    _row("interfaces/interfaces/#", "set of network interfaces", _INFO),
    _row("interfaces/interfaces/*/mtu", "MTU", _WARNING),
    _row("system/kernel", "kernel", _INFO),
    _row("system/os", "operating system", _INFO),
    _row("toolchain/nvcc", "CUDA toolkit", _WARNING),
    _row("toolchain/compiler_version", "C++ compiler", _INFO),
)
