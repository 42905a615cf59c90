"""Runs probes side by side, each with its time limit. Whatever happens becomes an outcome."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, ProbeResult
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.findings import finding_of
from dsdoctor.probes.probe import Probe, Reading, Skip
from dsdoctor.probes.site import Site

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of one probe, and after how many seconds."""

    probe: Probe
    reading: Reading | None
    outcome: Outcome
    note: str
    seconds: float


def run_probes(
    probes: Sequence[Probe], site: Site, pack: Pack, progress: Progress = lambda _: None
) -> list[ProbeResult]:
    """The results in the order of ``probes``. Never raises for what a probe did.

    A probe over its budget is left behind in its thread, which does not keep dsdoctor alive.
    """
    answers: SimpleQueue[_Answer] = SimpleQueue()
    started = time.monotonic()
    for probe in probes:
        threading.Thread(target=_run, args=(probe, site, answers), daemon=True).start()
    found: dict[str, _Answer] = {}
    while waiting := [probe for probe in probes if probe.id not in found]:
        left = max(probe.budget for probe in waiting) - (time.monotonic() - started)
        try:
            answer = answers.get(timeout=max(0.0, left))
        except Empty:
            break
        found[answer.probe.id] = answer
        progress(answer.probe.id)
    return [_result(found.get(probe.id) or _late(probe), pack) for probe in probes]


def _run(probe: Probe, site: Site, answers: SimpleQueue[_Answer]) -> None:
    """One probe, in its thread."""
    started = time.monotonic()
    reading, outcome, note = _ask(probe, site)
    seconds = time.monotonic() - started
    if seconds > probe.budget:
        reading, outcome, note = None, Outcome.TIMED_OUT, f"took more than {probe.budget:g} s"
    answers.put(_Answer(probe, reading, outcome, note, seconds))


def _ask(probe: Probe, site: Site) -> tuple[Reading | None, Outcome, str]:
    try:
        reading = probe.run(site)
    except Skip as reason:
        return None, Outcome.SKIPPED, str(reason)
    except Unavailable as reason:
        return None, Outcome.SKIPPED, f"could not look: {reason}"
    except Exception as error:  # noqa: BLE001 - a crash of one probe must not end the others
        return None, Outcome.CRASHED, _where(error)
    calls = bool(reading.complaints or reading.findings)
    return reading, Outcome.ATTENTION if calls else Outcome.OK, ""


def _where(error: Exception) -> str:
    """What a bug report needs, on one line."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    name = frame.filename.rpartition("/")[2]
    return f"{type(error).__name__}: {error} ({name}:{frame.lineno})"


def _late(probe: Probe) -> _Answer:
    note = f"no answer in {probe.budget:g} s"
    return _Answer(probe, None, Outcome.TIMED_OUT, note, probe.budget)


def _result(answer: _Answer, pack: Pack) -> ProbeResult:
    reading = answer.reading or Reading("")
    return ProbeResult(
        probe=answer.probe.id,
        outcome=answer.outcome,
        summary=reading.summary,
        findings=(
            *(finding_of(item, pack) for item in reading.complaints),
            *reading.findings,
        ),
        facts=reading.facts,
        seconds=answer.seconds,
        note=answer.note,
    )
