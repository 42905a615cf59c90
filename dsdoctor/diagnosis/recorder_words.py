"""Words for what flight recorders say: groups, collectives, ranks, and the evidence for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dsdoctor.diagnosis.findings import finding_from_rule
from dsdoctor.diagnosis.frames import is_users
from dsdoctor.diagnosis.recorder import Comparison, Place
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.recorder_entries import Entry, Group
from dsdoctor.model import Confidence, Evidence, Finding, Frame, ranks_named

MAX_EVIDENCE = 6


def described(entry: Entry) -> str:
    """``all_reduce [1024] Float``."""
    sizes = entry.inputs or entry.outputs
    shown = " ".join(f"[{', '.join(map(str, size))}]" for size in sizes[:3])
    more = f" and {len(sizes) - 3} more" if len(sizes) > 3 else ""
    return " ".join(part for part in (entry.op, shown + more, ", ".join(entry.types)) if part)


def group_named(group: Group) -> str:
    """``group 0 (default_pg; ranks 0-7)``."""
    known = [group.desc if group.desc != "undefined" else ""]
    known.append(f"ranks {ranks_named(group.ranks)}" if group.ranks else "")
    inside = "; ".join(part for part in known if part)
    return f"group {group.name}" + (f" ({inside})" if inside else "")


def sized(entry: Entry | None) -> str:
    """``, [1024] Float``; empty if there is nothing to say."""
    what = described(entry).partition(" ")[2] if entry else ""
    return f", {what}" if what else ""


def finding_on(
    seen: Comparison,
    pack: Pack,
    code: str,
    sure: Confidence,
    values: dict[str, str],
    ranks: Sequence[int],
    places: Sequence[Place],
) -> Finding | None:
    """The finding of rule ``code``; its last evidence is the user's frame, if there is one."""
    if code not in pack:
        return None
    known = {name: value for name, value in values.items() if value}
    lines = [Evidence(_file(seen, place.rank), 0, _line(place)) for place in places[:MAX_EVIDENCE]]
    frames = [(place.rank, frame) for place in places if (frame := _frame(place))]
    place = ""
    if frames:
        rank, frame = frames[0]
        place = f"{frame.file}:{frame.line} in {frame.function}"
        lines = lines[: MAX_EVIDENCE - 1]
        lines.append(Evidence(_file(seen, rank), 0, f"rank {rank} called it at {place}"))
    finding = finding_from_rule(
        pack[code], confidence=sure, values=known, evidence=lines, ranks=ranks
    )
    return replace(finding, user_frame=place)


def _file(seen: Comparison, rank: int) -> str:
    return seen.dumps[rank].name if rank in seen.dumps else "flight recorder"


def _line(place: Place) -> str:
    """``rank 1: last collective 516 _all_gather_base, next expected 517``."""
    if place.entry is not None:
        where = f", at {frame.file}:{frame.line}" if (frame := _frame(place)) else ""
        state = place.standing
        return f"rank {place.rank}: {place.entry.seq} {described(place.entry)}: {state}{where}"
    if place.last is None:
        return f"rank {place.rank}: {place.standing}"
    expected = "" if place.last.is_p2p else f", next expected {place.last.seq + 1}"
    where = f", at {frame.file}:{frame.line}" if (frame := _frame(place)) else ""
    return f"rank {place.rank}: last collective {place.last.seq} {place.last.op}{where}{expected}"


def _frame(place: Place) -> Frame | None:
    """The innermost frame of the user's own code."""
    entry = place.entry or place.last
    return next((frame for frame in entry.frames if is_users(frame)), None) if entry else None
