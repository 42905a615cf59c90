"""Reads ``dsdoctor.report/1`` back into the model, for tests on captured reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from dsdoctor.model import Report

_NAMES = {"collect_next": "collect", "variants": "runs"}


def read_report(path: Path) -> Report:
    """The report that was written as JSON."""
    whole = json.loads(path.read_text())
    if smoke := whole.get("smoke"):
        whole["smoke"] = _smoke(smoke)
    return msgspec.convert(_given(whole), Report, strict=False)


def _smoke(found: dict[str, Any]) -> dict[str, Any]:
    pair = found["comparison"] or {}
    runs = found["variants"] or [pair[name] for name in ("before", "after") if name in pair]
    return {
        "outcome": found["outcome"],
        "runs": runs or [found],
        "sentence": pair.get("sentence", ""),
        "matrix": bool(found["variants"]),
    }


def _given(value: Any) -> Any:
    """Without what stands for a default."""
    if isinstance(value, dict):
        return {_NAMES.get(k, k): _given(v) for k, v in value.items() if v is not None}
    return [_given(item) for item in value] if isinstance(value, list) else value
