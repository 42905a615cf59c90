"""What CUDA makes of CUDA_VISIBLE_DEVICES, as torch's ``_parse_visible_devices`` tells it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from dsdoctor.job.launch_line import Launch
from dsdoctor.probes.clients.gpus import Gpu

VARIABLE = "CUDA_VISIBLE_DEVICES"
MAX_ITEMS = 1024
_NUMBER = re.compile(r"[+-]?\d{1,9}")
_MIG_OF_GPU = re.compile(r"MIG-(GPU-[0-9a-fA-F-]+)/\d+/\d+$")


@dataclass(frozen=True, slots=True)
class Visible:
    """The GPUs that a process sees, in its order.

    Args:
        indices: NVML's indices; of a MIG instance that of its GPU. CUDA counts the GPUs that this
            process may use, so a number is a place among them.
        missing: the first entry that names no GPU. It and all behind it are not seen.
        repeated: an entry that came twice. Then nothing is seen.
        misread: an entry with something behind its number, and what CUDA reads.
        numbers: are all entries numbers, as the deepspeed launcher wants them?
        hidden: does it say that no GPU is to be seen?
    """

    indices: tuple[int, ...]
    missing: str = ""
    repeated: str = ""
    misread: tuple[str, str] | None = None
    numbers: bool = True
    hidden: bool = False


def visible_devices(value: str | None, gpus: Sequence[Gpu]) -> Visible:
    """What a process sees of ``gpus``; ``value`` is the variable's, None where it is not set."""
    if value is None:
        return Visible(tuple(gpu.index for gpu in gpus))
    if value.strip() in ("", "-1", "NoDevFiles", "none"):
        return Visible((), hidden=True, numbers=value.strip() in ("", "-1"))
    items = [item.strip() for item in value.split(",")[:MAX_ITEMS]]
    kind = next((prefix for prefix in ("GPU-", "MIG-") if value.startswith(prefix)), "")
    misread = None if kind else _misread(items)
    told = partial(Visible, misread=misread, numbers=_numbers(items))
    if not kind and (twice := _twice(items)):
        return told((), repeated=twice)
    found: list[int] = []
    names: set[str] = set()
    for place, item in enumerate(items):
        name = item if kind else _read_as(item)
        gpu = _find(name, kind, gpus)
        if gpu is None:
            at_the_end = not item and place == len(items) - 1  # a last comma hides nothing
            return told(tuple(found), missing="" if at_the_end else item or "(empty)")
        if name in names or (gpu.index in found and not name.startswith("MIG-")):
            return told((), repeated=item)
        names.add(name)
        found.append(gpu.index)
    return told(tuple(found))


def launcher_ignores(value: str | None, launch: Launch | None) -> bool:
    """Does the deepspeed launcher set the variable anew, whatever it was?

    It does with a hostfile, and where the line itself says which GPUs, or how many
    (deepspeed 0.19.8 launcher/runner.py: main).
    """
    if not value or launch is None or launch.launcher != "deepspeed":
        return False
    told = (launch.hostfile, launch.include, launch.exclude, launch.options.get("num_gpus"))
    return any(setting is not None for setting in told) or (launch.num_nodes or 1) > 1


def _read_as(item: str) -> str:
    """An entry as CUDA reads it: of one that starts with a number only the number."""
    number = _NUMBER.match(item)
    return str(int(number[0])) if number else item


def _misread(items: Sequence[str]) -> tuple[str, str] | None:
    """The first entry with something behind its number."""
    odd = (item for item in items if _NUMBER.match(item) and not _numbers([item]))
    return next(((item, _read_as(item)) for item in odd), None)


def _twice(items: Sequence[str]) -> str:
    """The first number that comes again, be it there or not; a word ends the list."""
    seen: set[str] = set()
    for item in items:
        name = _read_as(item)
        if not name.isdigit():
            return ""
        if name in seen:
            return item
        seen.add(name)
    return ""


def _find(name: str, kind: str, gpus: Sequence[Gpu]) -> Gpu | None:
    """The GPU behind a number or the first characters of a UUID; None where that is not one.

    Numbers and UUIDs in one list do not mix: the first entry says which it is.
    """
    if not name.startswith(kind):
        return None
    if not kind:
        return next((gpu for place, gpu in enumerate(gpus) if name == str(place)), None)
    if match := _MIG_OF_GPU.match(name):
        return next((gpu for gpu in gpus if gpu.uuid == match[1]), None)
    if kind == "MIG-":
        found = [gpu for gpu in gpus for uuid in gpu.mig_uuids if uuid.startswith(name)]
    else:
        found = [gpu for gpu in gpus if gpu.uuid.startswith(name)]
    return found[0] if len(found) == 1 else None


def _numbers(items: Sequence[str]) -> bool:
    """May Python's ``int`` read them all?"""
    return all(re.fullmatch(r"[+-]?\d+", item) for item in items)
