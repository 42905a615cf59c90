"""The entries of a flight-recorder dump: plain values of unknown shape in, typed ones out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from dsdoctor.logs.clean import clean
from dsdoctor.model import Frame

MAX_TEXT = 300
MAX_FRAMES = 48
MAX_TENSORS = 16
MAX_DIMS = 10
MAX_GROUPS = 20_000
MAX_RANKS = 200_000

COMPLETED = "completed"

_T = TypeVar("_T")
Sizes = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A process group; ``ranks`` is empty where the dump does not tell them (Gloo)."""

    name: str
    desc: str = ""
    ranks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation that a rank enqueued.

    ``seq`` counts the collectives of the group, or its point-to-point operations. ``retired``
    without ``completed`` means for NCCL that the watchdog gave up. ``frames``: innermost first.
    """

    record_id: int
    group: str
    desc: str
    seq: int
    op: str
    backend: str = ""
    is_p2p: bool = False
    state: str = ""
    retired: bool = False
    created_ns: int = 0
    timeout_ms: int = 0
    inputs: Sizes = ()
    outputs: Sizes = ()
    types: tuple[str, ...] = ()
    frames: tuple[Frame, ...] = ()

    @property
    def done(self) -> bool:
        """Gloo never writes a state; there, what has left the list of work is done."""
        return self.state == COMPLETED or (self.backend == "gloo" and self.retired)


class _Shared:
    """Keeps one copy of what entries have in common: steps repeat stacks and sizes."""

    def __init__(self) -> None:
        self.frames: dict[int, Frame | None] = {}
        self._values: dict[object, object] = {}

    def one(self, value: _T) -> _T:
        """``value``, or an equal one that was seen before."""
        return cast("_T", self._values.setdefault(value, value))


def entries_of(raw: Sequence[object]) -> tuple[Entry, ...]:
    """The entries that can be understood, in their order."""
    shared = _Shared()
    return tuple(_entry(item, shared) for item in raw if _is_entry(item))


def _is_entry(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("profiling_name"), str)


def _entry(item: object, shared: _Shared) -> Entry:
    """One entry. Dumps of version 1 have one ``seq_id``, and later ones two."""
    assert isinstance(item, dict)  # noqa: S101 - told by _is_entry, for the type checker
    backend, _, op = as_text(item["profiling_name"]).rpartition(":")
    is_p2p = bool(item.get("is_p2p")) or op.startswith(("send ", "recv "))
    number = item.get("p2p_seq_id" if is_p2p else "collective_seq_id", item.get("seq_id"))
    group, desc = _group_name(item)
    return Entry(
        record_id=_int(item.get("record_id")),
        group=shared.one(group),
        desc=shared.one(desc),
        seq=_int(number),
        op=shared.one(op),
        backend=shared.one(backend),
        is_p2p=is_p2p,
        state=shared.one(as_text(item.get("state"))),
        retired=item.get("retired") is True,
        created_ns=_int(item.get("time_created_ns")),
        timeout_ms=_int(item.get("timeout_ms")),
        inputs=shared.one(_sizes(item.get("input_sizes"))),
        outputs=shared.one(_sizes(item.get("output_sizes"))),
        types=shared.one(_types(item.get("input_dtypes"), item.get("output_dtypes"))),
        frames=shared.one(_frames(item.get("frames"), shared.frames)),
    )


def _group_name(item: Mapping[str, object]) -> tuple[str, str]:
    """Name and description of the group; version 1 has a number only."""
    named = item.get("process_group")
    if isinstance(named, (list, tuple)) and len(named) == 2:
        return as_text(named[0]), as_text(named[1])
    return as_text(item.get("pg_id") if named is None else named), ""


def groups_of(raw: object) -> dict[str, Group]:
    """The process groups of ``pg_config``; the ranks stand there as the text ``[0, 1]``."""
    groups = {}
    for key, item in list(raw.items())[:MAX_GROUPS] if isinstance(raw, dict) else ():
        info = item if isinstance(item, dict) else {}
        name = as_text(info.get("name", key))
        groups[name] = Group(name, as_text(info.get("desc")), _ranks(info.get("ranks")))
    return groups


def _ranks(raw: object) -> tuple[int, ...]:
    if isinstance(raw, str):
        found = [int(number) for number in re.findall(r"\d{1,7}", raw[: 8 * MAX_RANKS])]
    else:
        found = [_int(item) for item in (raw if isinstance(raw, (list, tuple)) else ())]
    return tuple(sorted({rank for rank in found[:MAX_RANKS] if rank >= 0}))


def _frames(raw: object, known: dict[int, Frame | None]) -> tuple[Frame, ...]:
    """The stack. Dumps share frames between entries; so does this."""
    found = []
    for item in raw[:MAX_FRAMES] if isinstance(raw, (list, tuple)) else ():
        if id(item) not in known:
            known[id(item)] = _frame(item)
        found.append(known[id(item)])
    return tuple(frame for frame in found if frame is not None)


def _frame(item: object) -> Frame | None:
    if not isinstance(item, dict):
        return None
    file, function = as_text(item.get("filename")), as_text(item.get("name"))
    return Frame(file, _int(item.get("line")), function) if file or function else None


def _sizes(raw: object) -> Sizes:
    tensors = raw[:MAX_TENSORS] if isinstance(raw, (list, tuple)) else ()
    return tuple(
        tuple(_int(size) for size in tensor[:MAX_DIMS])
        for tensor in tensors
        if isinstance(tensor, (list, tuple))
    )


def _types(*raw: object) -> tuple[str, ...]:
    names = [name for item in raw if isinstance(item, (list, tuple)) for name in item[:MAX_TENSORS]]
    return tuple(sorted({as_text(name) for name in names}))


def _int(value: object) -> int:
    """A whole number, also one written as text; -1 for anything else."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 20:
        return int(value)
    plain = isinstance(value, int) and not isinstance(value, bool)
    return int(value) if plain and abs(int(value)) < 1 << 64 else -1  # type: ignore[call-overload]


def as_text(value: object) -> str:
    """A harmless text of bounded length; empty for anything that is neither text nor number."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(_int(value))
    text = value[: 2 * MAX_TEXT] if isinstance(value, str) else ""
    return clean(text.encode("utf-8", "replace"))[:MAX_TEXT]
