"""What the probes of GPUs share: which GPUs there are, and how they are named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from dsdoctor.model import Evidence, Severity, ranks_named
from dsdoctor.probes.clients.gpus import TIMEOUT, Gpu, Inventory, Mark, NoDriver
from dsdoctor.probes.probe import Complaint, Skip
from dsdoctor.probes.site import Site

BUDGET = TIMEOUT + 2
"""Seconds of a probe that waits for the driver: it must not give up before the driver does."""
MAX_NAMED = 8
GIB = 1 << 30
_Value = TypeVar("_Value")


def inventory_of(site: Site) -> Inventory:
    """What the driver says, for a probe that needs GPUs.

    Raises:
        Skip: there is none, or the probe "gpus" tells why nothing can be said.
        Unavailable: nobody could be asked.
    """
    try:
        found = site.gpus.inventory()
    except NoDriver:
        raise Skip("no NVIDIA GPU here") from None
    if found.trouble:
        raise Skip("the driver does not answer (see gpus)")
    if not found.gpus:
        raise Skip("no NVIDIA GPU here")
    return found


def answering(site: Site) -> tuple[Gpu, ...]:
    """The GPUs that can be read.

    Raises:
        Skip, Unavailable: as ``inventory_of``; or no GPU can be read.
    """
    gpus = tuple(gpu for gpu in inventory_of(site).gpus if gpu.mark is None)
    if not gpus:
        raise Skip("no GPU answers (see gpus)")
    return gpus


def known(value: _Value | Mark) -> _Value | None:
    """The value, or None where the driver did not tell it."""
    return None if isinstance(value, Mark) else value


def named(gpu: Gpu) -> str:
    """``GPU 3 (0000:3b:00)``."""
    return f"GPU {gpu.index} ({gpu.bus})" if gpu.bus else f"GPU {gpu.index}"


def all_named(gpus: Iterable[Gpu]) -> str:
    """``GPU 0-2, 5``."""
    return f"GPU {ranks_named(sorted(gpu.index for gpu in gpus))}"


def gib(size: float) -> str:
    """``79.6 GiB``."""
    return f"{size / GIB:.1f} GiB"


def folded(code: str, told: Sequence[tuple[Gpu, str]], **values: str) -> tuple[Complaint, ...]:
    """One complaint for all GPUs with the problem; none where there are none.

    The rule's message has ``{detail}``, its remedies may name the first GPU as ``{index}``.
    """
    if not told:
        return ()
    words = [f"{named(gpu)}: {text}" for gpu, text in told]
    more = f"; and {len(words) - MAX_NAMED} more" if len(words) > MAX_NAMED else ""
    detail = "; ".join(words[:MAX_NAMED]) + more
    return (
        Complaint(
            code,
            {"detail": detail, "index": str(told[0][0].index), **values},
            tuple(evidence(line) for line in words[:4]),
        ),
    )


def graded(complaints: Iterable[Complaint], severity: Severity | None) -> tuple[Complaint, ...]:
    """The same at another severity; None for that of their pages."""
    return tuple(replace(complaint, severity=severity) for complaint in complaints)


def evidence(text: str, source: str = "NVML") -> Evidence:
    """What the driver said, or another part of the system."""
    return Evidence(source, 0, text)
