"""NVIDIA's own short diagnostic, where DCGM is installed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dsdoctor.model import Severity
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.launch import proof
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.site import Site

FAILED = "DSN094"
COMMAND = ("dcgmi", "diag", "-r", "1", "--json")
TIMEOUT = 120.0
_ROOTS = ("DCGM Diagnostic", "DCGM GPU Diagnostic")
"""Of DCGM 4 and of DCGM 3 and older."""
MAX_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class _Row:
    """One test on one or more GPUs."""

    test: str
    status: str
    gpu: str
    detail: str


def look(site: Site) -> Reading:
    """Its exit code only repeats what its answer says."""
    if site.host.which("dcgmi") is None:
        raise Skip("dcgmi is not installed")
    done = site.host.run(COMMAND, TIMEOUT)
    root = _root(done.out, done.err)
    rows = list(_rows(root))
    if not rows:
        raise Unavailable(f"dcgmi ran no test: {_why(root, done.err)}")
    ran = [row for row in rows if row.status in ("pass", "fail", "warn")]
    facts = {
        "version": _version(root),
        "failed": sorted({r.test for r in ran if r.status == "fail"}),
    }
    bad = len({row.test for row in ran if row.status == "fail"})
    tests = len({row.test for row in ran})
    summary = f"{tests - bad} of {tests} tests pass"
    return Reading(summary, tuple(_complaints(ran)), facts)


def _complaints(rows: Iterable[_Row]) -> Iterator[Complaint]:
    """A warning of DCGM, as of persistence mode, is a note."""
    for row in rows:
        if row.status == "pass":
            continue
        values = {"test": row.test[:60], "gpu": row.gpu[:60], "detail": row.detail[:200]}
        shown = (proof(f"{row.test}: {row.status} {row.detail}", " ".join(COMMAND)),)
        severity = Severity.INFO if row.status == "warn" else None
        yield Complaint(FAILED, {k: v for k, v in values.items() if v}, shown, severity)


def _root(out: str, err: str) -> Mapping[str, Any]:
    """What stands under the one key. Notes may come before the JSON.

    Raises:
        Unavailable: there is none.
    """
    try:
        data = json.loads(out[out.index("{") : out.rindex("}") + 1])
    except (ValueError, RecursionError):
        said = (err.strip() or out.strip()).splitlines()
        raise Unavailable(f"dcgmi says: {said[0][:160] if said else 'nothing'}") from None
    found = next((data[key] for key in _ROOTS if isinstance(data.get(key), dict)), data)
    return found if isinstance(found, dict) else {}


def _rows(root: Mapping[str, Any]) -> Iterator[_Row]:
    """Categories hold tests, tests hold results; some lists have holes."""
    count = 0
    for category in _maps(root.get("test_categories")) or [root]:
        for test in _maps(category.get("tests")):
            name = str(test.get("name", "a test"))
            for result in _maps(test.get("results")):
                count += 1
                if count > MAX_ROWS:
                    return
                yield _Row(name, _status(result), _gpu(result), _detail(result))


def _maps(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _status(result: Mapping[str, Any]) -> str:
    word = str(result.get("status", "")).strip().lower()
    return next((one for one in ("pass", "fail", "warn", "skip") if word.startswith(one)), "none")


def _gpu(result: Mapping[str, Any]) -> str:
    """``gpu_ids`` until DCGM 3, ``entity_id`` since; a test of the host names none."""
    if str(result.get("entity_group", "GPU")).upper() not in ("GPU", "1"):
        return ""
    found = next((result[k] for k in ("gpu_ids", "gpu_id", "entity_id") if k in result), "")
    return str(found)


def _detail(result: Mapping[str, Any]) -> str:
    """The first warning: a text, or in newer versions a text with a number."""
    warnings = result.get("warnings")
    first = warnings[0] if isinstance(warnings, list) and warnings else warnings or ""
    if isinstance(first, dict):
        first = first.get("warning", first.get("error_msg", ""))
    return " ".join(str(first).split())


def _version(root: Mapping[str, Any]) -> str:
    metadata = root.get("metadata")
    places = [root, metadata if isinstance(metadata, dict) else {}]
    keys = ("version", "DCGM Version")
    return next((str(p[key])[:40] for p in places for key in keys if key in p), "")


def _why(root: Mapping[str, Any], err: str) -> str:
    said = str(root.get("runtime_error") or root.get("warning") or err or "no reason given")
    return " ".join(said.split())[:160]


PROBES: tuple[Probe, ...] = (
    Probe("dcgm", "NVIDIA's diagnostic", look, budget=TIMEOUT + 5, deep=True),
)
