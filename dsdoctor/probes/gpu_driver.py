"""Whether the driver and the GPUs suit the CUDA version that torch was built for."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from dsdoctor.model import Confidence, Severity
from dsdoctor.probes.clients.gpus import Gpu, Inventory
from dsdoctor.probes.gpu_choice import chosen
from dsdoctor.probes.gpu_common import BUDGET, evidence, folded, inventory_of, known
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.site import Site

TOO_OLD, NO_CODE, OLDER = "DSH016", "DSH019", "DSH140"
MINIMUM_DRIVER = {11: (450, 80), 12: (525, 60), 13: (580, 65)}
"""The oldest driver (Linux) for all minor versions of a CUDA major version."""
FIRST_CUDA = {(8, 0): (11, 0), (9, 0): (11, 8), (10, 0): (12, 8), (12, 0): (12, 8)}
"""The first CUDA version with code for a generation of GPUs, by its lowest capability."""
DROPPED = {12: (5, 0), 13: (7, 5)}
"""The lowest capability that a CUDA major version still has code for."""
_NUMBERS = re.compile(r"(\d{1,4})\.(\d{1,4})")


def look(site: Site) -> Reading:
    """Compare what is there with what torch says of itself, without importing it."""
    found = inventory_of(site)
    versions = site.packages.versions()
    torch, built = versions.get("torch"), versions.get("torch.cuda")
    if not torch:
        raise Skip("torch is not installed")
    if versions.get("torch.hip"):
        raise Skip("this torch is built for AMD's GPUs")
    cuda = _pair(built or "")
    if cuda is None:
        raise Skip("this torch is built without CUDA (see versions)")
    facts = {"torch": torch, "torch_cuda": built, "driver": found.driver}
    complaints = (*_driver(found, torch, cuda), *_code(chosen(site), torch, cuda))
    return Reading(f"torch {torch} (CUDA {built}) on driver {found.driver}", complaints, facts)


def _driver(found: Inventory, torch: str, cuda: tuple[int, int]) -> tuple[Complaint, ...]:
    """Of an older major version nothing runs; of an older minor version almost everything."""
    has = known(found.cuda)
    minimum = MINIMUM_DRIVER.get(cuda[0])
    driver = _pair(found.driver)
    if has is None and (driver is None or minimum is None):
        return ()
    too_old = has[0] < cuda[0] if has else bool(driver and minimum and driver < minimum)
    older = bool(has and has < cuda)
    if not too_old and not older:
        return ()
    values = {"driver": found.driver, "torch": torch, "wanted": _dotted(cuda)}
    if has:
        values["has"] = _dotted(has)
    if minimum:
        values["minimum"] = str(minimum[0])
    told = (evidence(f"driver {found.driver}, CUDA {values.get('has', 'unknown')}"),)
    return (Complaint(TOO_OLD if too_old else OLDER, values, told),)


def _code(gpus: Sequence[Gpu], torch: str, cuda: tuple[int, int]) -> tuple[Complaint, ...]:
    """GPUs that are too old, or too new, for torch's CUDA."""
    old = _told(gpus, lambda capability: _dropped(capability, cuda))
    new = _told(gpus, lambda capability: _not_yet(capability, cuda))
    values = {"torch": torch, "wanted": _dotted(cuda)}
    # a torch built with PTX, as few are, runs on newer GPUs
    return (
        *folded(NO_CODE, old, **values),
        *(
            replace(item, severity=Severity.ERROR, confidence=Confidence.LIKELY)
            for item in folded(NO_CODE, new, **values)
        ),
    )


def _told(
    gpus: Sequence[Gpu], judge: Callable[[tuple[int, int]], str]
) -> Sequence[tuple[Gpu, str]]:
    return [
        (gpu, f"capability {_dotted(gpu.capability)} {words}")
        for gpu in gpus
        if gpu.capability and (words := judge(gpu.capability))
    ]


def _dropped(capability: tuple[int, int], cuda: tuple[int, int]) -> str:
    lowest = DROPPED.get(cuda[0])
    return f"was dropped by CUDA {cuda[0]}" if lowest and capability < lowest else ""


def _not_yet(capability: tuple[int, int], cuda: tuple[int, int]) -> str:
    """Code runs on later GPUs of one generation."""
    first = FIRST_CUDA.get((capability[0], 0))
    return f"needs CUDA {_dotted(first)} or later" if first and cuda < first else ""


def _pair(text: str) -> tuple[int, int] | None:
    match = _NUMBERS.match(text)
    return (int(match[1]), int(match[2])) if match else None


def _dotted(pair: tuple[int, int]) -> str:
    return f"{pair[0]}.{pair[1]}"


PROBES: tuple[Probe, ...] = (Probe("gpu-driver", "driver for torch", look, budget=BUDGET),)
