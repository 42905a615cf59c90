"""A lane for each rank, or for each group of ranks that ended alike, as inline SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dsdoctor.model import Report, TimelineEntry, ranks_named
from dsdoctor.report.html_axis import Axis
from dsdoctor.report.html_endings import KINDS, Ended
from dsdoctor.report.html_markup import Markup, el, joined
from dsdoctor.report.html_picture import picture
from dsdoctor.report.html_signs import sign
from dsdoctor.report.wording import clipped

WIDTH, WORDS = 920, 300
LANE, TOP, FOOT = 26, 34, 34
MAX_LANES = 40
MAX_NAME, MAX_WORDS = 34, 46


@dataclass(frozen=True, slots=True)
class Lane:
    """``ends`` are the shares of the width at which the first and the last of its ranks ended."""

    name: str
    words: str
    kind: str
    ends: tuple[float, ...]
    told: str


@dataclass(frozen=True, slots=True)
class Ground:
    """Where things stand in the picture."""

    left: int
    height: int

    def x(self, share: float) -> float:
        """From a share of the width."""
        return round(self.left + 10 + share * (WIDTH - WORDS - self.left - 20), 1)


def lanes(report: Report, axis: Axis | None, groups: Sequence[Ended]) -> Markup:
    """The picture, a lane for each group; nothing where no axis fits."""
    if axis is None:
        return Markup()
    drawn = [_lane(group, axis) for group in groups[:MAX_LANES]]
    longest = max(len(clipped(lane.name, MAX_NAME)) for lane in drawn)
    ground = Ground(24 + 7 * longest, TOP + LANE * len(drawn) + FOOT)
    signs = (_drawn(lane, ground, TOP + LANE * number) for number, lane in enumerate(drawn))
    return picture(
        "lanes",
        (WIDTH, ground.height),
        ("When and how the ranks ended", _told(drawn, axis)),
        joined(_ticks(axis, ground), _moments(report.timeline, axis, ground), signs),
        _caption(report, axis, len(groups) - len(drawn)),
    )


def _told(drawn: Sequence[Lane], axis: Axis) -> str:
    return f"To the right: {axis.name}. " + "; ".join(f"{one.name}: {one.told}" for one in drawn)


def _caption(report: Report, axis: Axis, left: int) -> str:
    more = f" {left} more kinds of ending are in the table." if left else ""
    there = any(axis.moment(entry) is not None for entry in report.timeline)
    numbers = " The numbers above are the moments of the story below." if there else ""
    return f"To the right: {axis.name}.{more}{numbers}"


def _lane(group: Ended, axis: Axis) -> Lane:
    hosts = list(dict.fromkeys(row.host for row in group.rows if row.host))
    where = f" · {hosts[0]}" if len(hosts) == 1 else f" · {len(hosts)} hosts" if hosts else ""
    known = [end for row in group.rows if (end := axis.at(row)) is not None]
    words = f"{group.words} {group.code}".strip()
    return Lane(
        name=f"rank {ranks_named([row.rank for row in group.rows])}{where}",
        words=words,
        kind=group.kind,
        ends=tuple(sorted({min(known), max(known)})) if known else (),
        told=words if group.words in KINDS.values() else f"{words} ({KINDS[group.kind]})",
    )


def _ticks(axis: Axis, ground: Ground) -> Markup:
    """Lines with their names below."""
    low = ground.height - FOOT + 6
    return joined(
        joined(
            el("line", x1=ground.x(share), x2=ground.x(share), y1=TOP - 6, y2=low, class_="tick"),
            el("text", name, x=ground.x(share), y=low + 16, text_anchor=_anchor(share)),
        )
        for share, name in axis.ticks
    )


def _anchor(share: float) -> str:
    return "start" if share < 0.1 else "end" if share > 0.9 else "middle"


def _moments(entries: Sequence[TimelineEntry], axis: Axis, ground: Ground) -> Markup:
    """The numbers of the story's moments; those that would overlap share a place."""
    places: dict[float, list[int]] = {}
    for number, entry in enumerate(entries, 1):
        share = axis.moment(entry)
        if share is not None and 0 <= share <= 1:
            x = ground.x(share)
            near = next((place for place in places if abs(place - x) < 30), x)
            places.setdefault(near, []).append(number)
    low = ground.height - FOOT + 6
    return joined(
        joined(
            el("line", x1=x, x2=x, y1=TOP - 14, y2=low, class_="moment"),
            el("text", ranks_named(numbers), x=x, y=TOP - 18, text_anchor="middle", class_="count"),
        )
        for x, numbers in places.items()
    )


def _drawn(lane: Lane, ground: Ground, top: int) -> Markup:
    """Name, track, the signs at its end, how it ended in words."""
    middle = top + LANE // 2
    left, right = ground.left, WIDTH - WORDS
    last = ground.x(lane.ends[-1]) if lane.ends else right
    return el(
        "g",
        el("title", f"{lane.name}: {lane.told}"),
        el("text", clipped(lane.name, MAX_NAME), x=left - 12, y=middle + 4, text_anchor="end"),
        el(
            "rect",
            x=left,
            y=middle - 4,
            width=max(1, last - left),
            height=8,
            rx=2,
            class_="track" if lane.ends else "track unknown",
        ),
        _signs(lane, ground, middle),
        el(
            "text",
            clipped(lane.words, MAX_WORDS),
            x=right + 14,
            y=middle + 4,
            class_=f"words {lane.kind}",
        ),
    )


def _signs(lane: Lane, ground: Ground, middle: int) -> Iterator[Markup]:
    for end in lane.ends:
        yield el("g", sign(lane.kind), transform=f"translate({ground.x(end):g} {middle})")
