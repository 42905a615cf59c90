"""Every rule's own samples: it fires where it must, reads what it must, and is silent elsewhere."""

from __future__ import annotations

import io

import pytest

from dsdoctor.diagnosis.incidents import Incident, incidents_of
from dsdoctor.knowledge.loader import load_rules
from dsdoctor.knowledge.pack import Pack
from dsdoctor.knowledge.rule import FiringSample, Rule, SilentSample
from dsdoctor.logs.matcher import Matcher
from dsdoctor.logs.reader import LogReader
from dsdoctor.model import Origin
from tests.conftest import ROOT

RULES = load_rules(ROOT / "rules")
FIRING = [(rule, sample) for rule in RULES if rule.samples for sample in rule.samples.fires]
SILENT = [(rule, sample) for rule in RULES if rule.samples for sample in rule.samples.silent]


def code_of(item: object) -> str:
    """The test's name: the rule's code."""
    return getattr(item, "code", "")


def hits(rule: Rule, log: str) -> list[Incident]:
    """What ``rule`` alone finds in ``log``: in the right frame, often enough."""
    pack = Pack([rule])
    reader = LogReader(Matcher(pack), "job.log", Origin(), 2026)
    record = reader.read(io.BytesIO(log.encode()).read, lambda _: None)
    return [item for item in incidents_of([record], pack) if item.count >= rule.min_count]


def known(incident: Incident) -> dict[str, str]:
    """The fields of the match, and the origin that a prefix gave."""
    origin = incident.origin
    pairs = {"rank": origin.rank, "local_rank": origin.local_rank, "host": origin.host}
    return {key: str(value) for key, value in pairs.items()} | dict(incident.fields)


@pytest.mark.parametrize(("rule", "sample"), FIRING, ids=code_of)
def test_fires(rule: Rule, sample: FiringSample) -> None:
    """The rule finds its sample and reads the expected fields from it."""
    found = hits(rule, sample.log)
    assert found, f"{rule.code} {rule.slug} is silent on its own sample"
    read = [known(item) for item in found]
    assert any(sample.expect.items() <= fields.items() for fields in read), read


@pytest.mark.parametrize(("rule", "sample"), SILENT, ids=code_of)
def test_silent(rule: Rule, sample: SilentSample) -> None:
    """The rule leaves what only looks alike alone."""
    assert not hits(rule, sample.log), f"{rule.code} {rule.slug} fires on: {sample.why}"
