"""Bytes for people, and coarse enough to compare from day to day."""

from __future__ import annotations

GB = 10**9


def shown(size: float) -> str:
    """``1.4 GB``, ``230 MB``."""
    for unit, name in ((10**12, "TB"), (GB, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.3g} {name}"
    return f"{size:.0f} bytes"


def coarse(size: int) -> float:
    """Bytes in GB, rounded to one significant figure: a disk in use changes all the time."""
    return float(f"{size / GB:.1g}")


def counted(parameters: float) -> str:
    """``1.4 billion``: the size of a model."""
    for size, name in ((10**12, "trillion"), (10**9, "billion"), (10**6, "million")):
        if parameters >= size:
            number = parameters / size
            return f"{number:.2g} {name}" if number < 10 else f"{number:.0f} {name}"
    return f"{parameters:.0f}"
