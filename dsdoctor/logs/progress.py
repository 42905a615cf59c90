"""Recognises the lines by which a training job shows that it moves."""

from __future__ import annotations

import re

from dsdoctor.model import Line, Progress

_NUMBER = r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|nan|inf|NaN|Inf)"
_STEP = re.compile(
    r"(?:\bglobal_step|\bsteps?|\biteration|\biter|\bStep)s?\s?[:=/ \[]\s{0,8}(?P<step>\d{1,9})"
    r"(?:\s?/\s{0,8}(?P<total>\d{1,9}))?"
)
_LOSS = re.compile(rf"\b(?:\w+[ _])?loss['\"]?\s?[:= ]\s?['\"]?(?P<loss>{_NUMBER})\b")
_BAR = re.compile(r"\d{1,3}%\|.{0,60}?\|\s{0,4}(?P<step>\d{1,9})/(?P<total>\d{1,9})\s\[")
_SLOT = re.compile(r"^\W{0,3}(?P<step>\d{1,9})/(?P<total>\d{1,9})\]")
_SKIPPED = re.compile(r"\bskipped=(\d{1,9})\b")
_LOADING = re.compile(r"(?i)loading|download|fetch|tokeniz|map\b|filter|shard|generating|extract")


def progress_of(source: str, line: Line) -> Progress | None:
    """Read ``line`` as progress of the training, or None if it is not.

    Bars of loading and tokenising do not count: they say nothing about steps.
    """
    text = line.text[:400]
    if "%|" in text:
        return _of_bar(source, line, text)
    step = _STEP.search(text) or _SLOT.search(text)
    loss = _LOSS.search(text)
    if loss is None and (step is None or "skipped=" not in text):
        return None
    return _progress(source, line, step, loss)


def _of_bar(source: str, line: Line, text: str) -> Progress | None:
    bar = _BAR.search(text)
    if bar is None or _LOADING.search(text):
        return None
    return _progress(source, line, bar, _LOSS.search(text))


def _progress(
    source: str, line: Line, step: re.Match[str] | None, loss: re.Match[str] | None
) -> Progress:
    total = step.groupdict().get("total") if step else None
    skipped = _SKIPPED.search(line.text)
    return Progress(
        source,
        line.number,
        line.text,
        step=int(step["step"]) if step else None,
        total=int(total) if total else None,
        loss=float(loss["loss"]) if loss else None,
        skipped=int(skipped[1]) if skipped else None,
        origin=line.origin,
    )
