"""Every rule's own samples: it fires where it must, reads what it must, and is silent elsewhere."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from dsdoctor.diagnosis.frames import in_required_frame
from dsdoctor.knowledge.loader import load_rules
from dsdoctor.knowledge.pack import Pack
from dsdoctor.knowledge.rule import FiringSample, Rule, SilentSample
from dsdoctor.logs.matcher import Matcher
from dsdoctor.logs.reader import LogReader
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Event, Origin

RULES = load_rules(Path(__file__).parents[2] / "rules")
MATCHER = Matcher(Pack(RULES))


def read(log: str) -> LogRecord:
    """The record of a sample, as the reader makes it."""
    reader = LogReader(MATCHER, "job.log", Origin(), 2026)
    return reader.read(io.BytesIO(log.encode()).read, lambda _: None)


def hits(rule: Rule, log: str) -> list[Event]:
    """The events of ``rule`` in ``log`` that count: in the right frame, often enough."""
    record = read(log)
    events = [event for event in record.events if event.rule == rule.code]
    events = [event for event in events if in_required_frame(rule, event, record.tracebacks)]
    return [event for event in events if event.count >= rule.min_count]


def firing() -> list[tuple[Rule, FiringSample]]:
    return [
        (rule, sample) for rule in RULES for sample in (rule.samples.fires if rule.samples else ())
    ]


def silent() -> list[tuple[Rule, SilentSample]]:
    return [
        (rule, sample) for rule in RULES for sample in (rule.samples.silent if rule.samples else ())
    ]


@pytest.mark.parametrize(("rule", "sample"), firing(), ids=lambda item: getattr(item, "code", ""))
def test_fires(rule: Rule, sample: FiringSample) -> None:
    """The rule finds its sample and reads the expected fields from it."""
    events = hits(rule, sample.log)
    assert events, f"{rule.code} {rule.slug} is silent on its own sample"
    assert any(sample.expect.items() <= event.fields.items() for event in events), [
        event.fields for event in events
    ]


@pytest.mark.parametrize(("rule", "sample"), silent(), ids=lambda item: getattr(item, "code", ""))
def test_silent(rule: Rule, sample: SilentSample) -> None:
    """The rule leaves what only looks alike alone."""
    assert not hits(rule, sample.log), f"{rule.code} {rule.slug} fires on: {sample.why}"
