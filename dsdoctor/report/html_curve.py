"""The loss of smoke runs by step, as inline SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite, nan
from statistics import fmean

from dsdoctor.model import SmokeRun
from dsdoctor.report.html_markup import Markup, el, joined
from dsdoctor.report.html_picture import picture
from dsdoctor.report.wording import clipped

WIDTH, HEIGHT, LEFT, RIGHT, TOP, FOOT = 920, 240, 64, 190, 14, 34
MAX_STEPS = 500
MAX_CURVES = 4
MAX_DOTS = 60


def loss_curve(runs: Sequence[SmokeRun]) -> Markup:
    """The mean over the ranks; nothing where no run made two steps."""
    curves = [(run.name, means(run)) for run in runs]
    curves = [(name, values) for name, values in curves if sum(map(isfinite, values)) > 1]
    if not curves:
        return Markup()
    finite = [value for _, values in curves for value in values if isfinite(value)]
    low, high = min(finite), max(finite)
    if not isfinite(high - low):
        return Markup()
    if high == low:
        low, high = low - 0.5, high + 0.5
    steps = max(len(values) for _, values in curves)
    told = "; ".join(f"{name}: {_told(values)}" for name, values in curves)
    shown = (_curve(n, *one, (low, high), steps) for n, one in enumerate(curves[:MAX_CURVES]))
    return picture(
        "loss",
        (WIDTH, HEIGHT),
        ("Loss by step", f"{told}."),
        joined(_ground(low, high, steps), shown),
        "Mean over the ranks, by optimizer step.",
    )


def means(run: SmokeRun) -> list[float]:
    """The mean loss of each step that any rank has finished."""
    steps = min(max((len(rank.losses) for rank in run.ranks), default=0), MAX_STEPS)
    return [
        _mean([rank.losses[step] for rank in run.ranks if len(rank.losses) > step])
        for step in range(steps)
    ]


def _mean(values: Sequence[float]) -> float:
    return fmean(values) if all(map(isfinite, values)) else nan


def _told(values: Sequence[float]) -> str:
    lost = sum(not isfinite(value) for value in values)
    odd = f", {lost} of them not finite" if lost else ""
    good = [value for value in values if isfinite(value)]
    return f"{good[0]:.4f} to {good[-1]:.4f} in {len(values)} steps{odd}"


def _ground(low: float, high: float, steps: int) -> Markup:
    """Three lines with their values, and the steps below."""
    parts = []
    for share in (0.0, 0.5, 1.0):
        value = low + (high - low) * share
        y = _y(value, (low, high))
        parts += [
            el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_="tick"),
            el("text", f"{value:.4g}", x=LEFT - 8, y=y + 4, text_anchor="end"),
        ]
    for step in sorted({1, (steps + 1) // 2, steps}):
        x = _x(step - 1, steps)
        parts.append(el("text", f"step {step}", x=x, y=HEIGHT - 10, text_anchor="middle"))
    return joined(parts)


def _curve(
    number: int, name: str, values: Sequence[float], span: tuple[float, float], steps: int
) -> Iterator[Markup]:
    """A line with gaps where the loss is not finite, a dot for each step."""
    points = [
        (_x(step, steps), _y(value, span)) if isfinite(value) else None
        for step, value in enumerate(values)
    ]
    path = "".join(
        f"{'L' if step and points[step - 1] else 'M'}{point[0]:g} {point[1]:g}"
        for step, point in enumerate(points)
        if point
    )
    look = f"curve c{number}"
    dots = [el("circle", cx=at[0], cy=at[1], r=2.5) for at in points if at and steps <= MAX_DOTS]
    yield el("g", el("path", d=Markup(path)), dots, class_=look)
    # the names beside it, one below the other: curves often end together
    x, y = WIDTH - RIGHT + 20, TOP + 4 + 20 * number
    yield el("path", d=f"M{x} {y}h28", class_=f"{look} sample")
    yield el("text", clipped(name, 18), x=x + 36, y=y + 4)


def _x(step: int, steps: int) -> float:
    return round(LEFT + 10 + (WIDTH - LEFT - RIGHT - 20) * step / max(1, steps - 1), 1)


def _y(value: float, span: tuple[float, float]) -> float:
    low, high = span
    return round(TOP + (HEIGHT - TOP - FOOT) * (high - value) / (high - low), 1)
