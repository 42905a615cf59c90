"""TORCH_CUDA_ARCH_LIST as DeepSpeed reads it when it compiles an op at run time.

Read from deepspeed 0.19.8 ops/op_builder/builder.py (jit_load, compute_capability_args): since
0.19.0 the list counts, before it was set aside and the visible GPUs were asked.
"""

from __future__ import annotations

NAME = "TORCH_CUDA_ARCH_LIST"
READ_SINCE = "0.19.0"


def unreadable(text: str) -> str | None:
    """The first architecture that stops DeepSpeed; None if it reads them all."""
    return next((item for item in _items(text) if not _numbers(item)), None)


def without_letters(text: str) -> str:
    """The list as it could be: the architectures that DeepSpeed can read, suffixes taken off."""
    bare = [item.rstrip("abcdefghijklmnopqrstuvwxyz") for item in _items(text.replace(",", ";"))]
    return ";".join(dict.fromkeys(item for item in bare if _numbers(item)))


def _items(text: str) -> list[str]:
    """Only semicolons and blanks part them: neither commas nor tabs."""
    parts = text.strip().replace(" ", ";").split(";")
    return [part.strip() for part in parts if part.strip()]


def _numbers(item: str) -> bool:
    """Two numbers and a dot, perhaps with +PTX at the end."""
    major, dot, minor = item.partition(".")
    try:
        numbers = [int(major), *(int(part.split("+")[0]) for part in minor.split("."))]
    except ValueError:
        return False
    return bool(dot) and bool(numbers)
