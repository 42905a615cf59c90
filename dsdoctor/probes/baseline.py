"""What changed since an earlier report: the facts of then against those of now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dsdoctor.errors import UsageError
from dsdoctor.model import ProbeResult

MAX_BYTES = 256 << 20
MAX_CHANGES = 200
_ABSENT = object()


def read_baseline(path: Path) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The facts of an earlier report by host and probe.

    Raises:
        UsageError: it is no JSON report of preflight.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError("too large for a report", location=str(path))
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", location=str(path)) from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"not JSON: {error}"[:200], location=str(path)) from None
    probes = data.get("probes") if isinstance(data, dict) else None
    if not isinstance(probes, list):
        raise UsageError(
            "not a report of preflight",
            hint="dsdoctor preflight --format json > baseline.json",
            location=str(path),
        )
    return {_key(item): item.get("facts") or {} for item in probes if isinstance(item, dict)}


def _key(item: Mapping[str, Any]) -> tuple[str, str]:
    return str(item.get("host") or ""), str(item.get("probe"))


def changes(
    before: Mapping[tuple[str, str], Mapping[str, Any]], results: Sequence[ProbeResult]
) -> list[str]:
    """One line for each fact that is not what it was, as ``gpus.driver: 535.1 -> 580.9``."""
    found: list[str] = []
    for result in results:
        old = before.get((result.host, result.probe))
        if old is None or not result.facts:
            continue
        where = f"{result.host}: " if result.host else ""
        lines = _differences(result.probe, old, json.loads(json.dumps(dict(result.facts))))
        found += [where + line for line in lines]
    return found[:MAX_CHANGES]


def _differences(name: str, old: Any, new: Any) -> Iterator[str]:
    """Leaf by leaf; a list of other length is one change."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            yield from _differences(f"{name}.{key}", old.get(key, _ABSENT), new.get(key, _ABSENT))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (left, right) in enumerate(zip(old, new, strict=True)):
            yield from _differences(f"{name}[{index}]", left, right)
    elif old != new:
        yield f"{name}: {_shown(old)} -> {_shown(new)}"


def _shown(value: Any) -> str:
    return "nothing" if value is _ABSENT else json.dumps(value)[:120]
