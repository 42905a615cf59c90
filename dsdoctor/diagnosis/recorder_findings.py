"""Findings from flight-recorder dumps: who is missing, who ran something else, what is stuck."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dsdoctor.diagnosis.recorder import (
    COMPLETED,
    NEVER,
    NO_DUMP,
    SCHEDULED,
    STARTED,
    UNKNOWN,
    Comparison,
    Mismatch,
    Place,
    Stuck,
    compare,
)
from dsdoctor.diagnosis.recorder_words import described, finding_on, group_named, sized
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.flight_recorder import Dump
from dsdoctor.model import Confidence, Finding, ranks_named

MISSING_RANK = "DSN080"
MISMATCH = "DSN081"
STUCK = "DSN082"

MAX_FINDINGS = 4
HUNG_MS = 60_000
"""Waiting as long as this, or as the operation's own timeout, is no passing moment."""


def recorder_findings(dumps: Sequence[Dump], world_size: int | None, pack: Pack) -> list[Finding]:
    """What the dumps say, the most telling first.

    Meant for a job that hung or timed out: a dump of a healthy job shows work in flight, too.
    """
    seen = compare(dumps, world_size)
    found = [_mismatched(seen, item, pack) for item in seen.mismatches]
    found += [_missing(seen, item, pack) for item in seen.stuck]
    if not any(found):
        found += [_far_end(seen, pack), _crossed(seen, pack)]
    if not any(found):
        found += [_unfinished(seen, item, pack) for item in seen.stuck]
        found += [_without_dump(seen, item, pack) for item in seen.stuck]
    return _distinct(item for item in found if item is not None)


def recorder_notes(dumps: Sequence[Dump], world_size: int | None) -> list[str]:
    """What could not be used, and which dumps would be needed to say more."""
    seen = compare(dumps, world_size)
    return [*seen.notes, *(_too_few(item) for item in seen.stuck if _mostly_absent(item))]


def _distinct(findings: Iterable[Finding]) -> list[Finding]:
    """One finding for each set of ranks: the same rank is missed in many groups."""
    kept: dict[tuple[str, tuple[int, ...]], Finding] = {}
    for finding in findings:
        kept.setdefault((finding.code, finding.ranks), finding)
    return list(kept.values())[:MAX_FINDINGS]


def _missing(seen: Comparison, stuck: Stuck, pack: Pack) -> Finding | None:
    """Ranks that never enqueued the collective, and that wait for nobody themselves."""
    absent = [rank for rank in stuck.at(NEVER) if rank not in seen.busy]
    if not absent or not stuck.waiting:
        return None
    others = bool(stuck.at(NO_DUMP, UNKNOWN))
    sure = Confidence.LIKELY
    if stuck.complete and not others and _hung(seen, stuck.waiting):
        sure = Confidence.CERTAIN
    text = f"no dump of rank {ranks_named(stuck.at(NO_DUMP))}" if stuck.at(NO_DUMP) else ""
    return _about(seen, stuck, pack, MISSING_RANK, sure, absent, text)


def _without_dump(seen: Comparison, stuck: Stuck, pack: Pack) -> Finding | None:
    """All that left a dump wait: those that left none may be dead, or only their dump is lost."""
    absent = stuck.at(NO_DUMP, UNKNOWN)
    absent = tuple(rank for rank in absent if rank not in seen.busy)
    if not absent or not stuck.waiting or _mostly_absent(stuck):
        return None
    text = "it left no record of it; its dump may only be lost or overwritten"
    return _about(seen, stuck, pack, MISSING_RANK, Confidence.POSSIBLE, absent, text)


def _unfinished(seen: Comparison, stuck: Stuck, pack: Pack) -> Finding | None:
    """All members are in it, and it does not end: the network or a GPU, not the program."""
    if stuck.at(NEVER, NO_DUMP, UNKNOWN) or len(stuck.places) < 2:
        return None
    behind = stuck.at(SCHEDULED, STARTED)
    sure = Confidence.LIKELY if stuck.complete else Confidence.POSSIBLE
    done = stuck.at(COMPLETED)
    text = f"rank {ranks_named(done)} completed it" if done else ""
    return _about(seen, stuck, pack, STUCK, sure, behind, text)


def _about(
    seen: Comparison,
    stuck: Stuck,
    pack: Pack,
    code: str,
    sure: Confidence,
    ranks: Sequence[int],
    text: str = "",
) -> Finding | None:
    """A finding on one collective that is stuck."""
    entry = stuck.entry
    values = {
        "ranks": ranks_named(ranks),
        "waiting": ranks_named([rank for rank in stuck.waiting if rank not in ranks]),
        "title": "never entered" if set(ranks) <= set(stuck.at(NEVER)) else "is not seen in",
        "op": entry.op if entry else "the collective",
        "seq": str(stuck.seq),
        "detail": f"{group_named(stuck.group)}{sized(entry)}",
        "text": text,
        "total": str(len(stuck.places)),
    }
    first = [place for place in stuck.places if place.rank in ranks]
    rest = [place for place in stuck.places if place.rank not in ranks]
    return finding_on(seen, pack, code, sure, values, ranks, [*first[:3], *rest])


def _mismatched(seen: Comparison, found: Mismatch, pack: Pack) -> Finding | None:
    """Ranks recorded different things under one number."""
    kinds: dict[str, list[Place]] = {}
    for place in found.places:
        if place.entry is not None:
            kinds.setdefault(described(place.entry), []).append(place)
    ordered = sorted(kinds.items(), key=lambda item: len(item[1]))
    shown = [f"rank {ranks_named([p.rank for p in places])}: {what}" for what, places in ordered]
    fewest = [place.rank for place in ordered[0][1]]
    odd = fewest if 2 * len(fewest) < len(found.places) else [p.rank for p in found.places]
    values = {
        "seq": str(found.seq),
        "detail": group_named(found.group),
        "title": {"operation": "collectives"}.get(found.kind, found.kind),
        "text": "; ".join(shown[:4]),
        "ranks": ranks_named(odd),
    }
    sure = Confidence.LIKELY
    if found.complete and found.kind == "operation":
        sure = Confidence.CERTAIN
    places = [places[0] for _, places in ordered]
    return finding_on(seen, pack, MISMATCH, sure, values, odd, places)


def _crossed(seen: Comparison, pack: Pack) -> Finding | None:
    """Each group lacks a rank, and each such rank waits in another group."""
    if not seen.stuck or any(not item.at(NEVER) and len(item.places) > 1 for item in seen.stuck):
        return None
    first = next((item for item in seen.stuck if item.at(NEVER)), None)
    if first is None:
        return None
    ranks = sorted({*first.at(NEVER), *first.waiting})
    busy = [(rank, seen.busy[rank]) for rank in ranks if rank in seen.busy]
    text = "; ".join(
        f"rank {rank}: {entry.op} number {entry.seq} of group {entry.group}" for rank, entry in busy
    )
    values = {"seq": str(first.seq), "detail": group_named(first.group), "text": text}
    values |= {"title": "collectives", "ranks": ranks_named(ranks)}
    places = [Place(rank, SCHEDULED, entry, entry) for rank, entry in busy]
    return finding_on(seen, pack, MISMATCH, Confidence.LIKELY, values, ranks, places)


def _far_end(seen: Comparison, pack: Pack) -> Finding | None:
    """A rank waits in a send or receive for one that waits for nobody."""
    for rank, other in seen.peers.items():
        entry = seen.busy[rank]
        if other in seen.dumps and other not in seen.busy:
            values = {"ranks": str(other), "waiting": str(rank), "seq": str(entry.seq)}
            values |= {
                "title": "is not seen in",
                "op": f"the other end of {entry.op}",
                "detail": f"group {entry.group}",
            }
            last = seen.dumps[other].entries[-1:]
            places = [Place(other, NEVER, None, last[0] if last else None)]
            places.append(Place(rank, SCHEDULED, entry, entry))
            sure = Confidence.LIKELY if _hung(seen, [rank]) else Confidence.POSSIBLE
            return finding_on(seen, pack, MISSING_RANK, sure, values, [other], places)
    return None


def _hung(seen: Comparison, waiting: Iterable[int]) -> bool:
    """Did someone wait so long before the dump was written that it was no passing moment?"""
    for rank in waiting:
        entry, dump = seen.busy[rank], seen.dumps[rank]
        limit = min(entry.timeout_ms if entry.timeout_ms > 0 else HUNG_MS, HUNG_MS)
        if entry.created_ns > 0 and dump.written_ns - entry.created_ns >= limit * 1_000_000:
            return True
    return False


def _mostly_absent(stuck: Stuck) -> bool:
    return 2 * len(stuck.at(NO_DUMP, UNKNOWN)) > len(stuck.places)


def _too_few(stuck: Stuck) -> str:
    """What is still needed to name a rank."""
    named = f"{stuck.entry.op if stuck.entry else 'a collective'} number {stuck.seq}"
    lacking = ranks_named(stuck.at(NO_DUMP, UNKNOWN))
    return (
        f"rank {ranks_named(stuck.waiting)} waits in {named} of {group_named(stuck.group)}; the "
        f"flight-recorder dumps of rank {lacking} are needed to say who is missing"
    )
