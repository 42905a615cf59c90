"""Gates on the pack as a whole."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from types import FrameType

import pytest
import yaml

from dsdoctor.diagnosis.incidents import incidents_of
from dsdoctor.knowledge.loader import load_rules
from dsdoctor.knowledge.pack import Pack, with_anchors
from dsdoctor.knowledge.rule import Pattern, Rule
from dsdoctor.knowledge.template import fields_of, required_fields
from dsdoctor.model import Severity
from tests.conftest import ROOT, Explain, Read

RULES = load_rules(ROOT / "rules")
BY_CODE = {rule.code: rule for rule in RULES}
ALWAYS_KNOWN = {"rank", "local_rank", "host", "pid", "ranks", "count", "place", "exception"}
ENGINE_FIELDS = {
    "text",
    "title",
    "ending",
    "progress",
    "detail",
    "total",
    "op",
    "seq",
    "waiting",
    "meaning",
}
HEALTHY = sorted((ROOT / "fixtures" / "healthy").glob("*/*.log"))
HOSTILE = [
    "x" * 1_000_000,
    "(" * 1_000_000,
    " " * 1_000_000,
    "a=" * 500_000,
    "0123456789" * 100_000,
    "\\'\"[]{}<>" * 100_000,
]
COUNT = 711
"""Asserted exactly, so that no rule vanishes unseen. Raise it with every new rule."""


def by_code(rule: Rule) -> str:
    return rule.code


def test_the_number_of_rules() -> None:
    assert len(RULES) == COUNT


def test_slugs_are_unique() -> None:
    assert len({rule.slug for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=by_code)
def test_references_between_rules_hold(rule: Rule) -> None:
    """``refines`` and ``consequence_of`` name other rules that exist."""
    named = {*rule.refines, *rule.consequence_of}
    assert rule.code not in named
    assert named <= set(BY_CODE)


@pytest.mark.parametrize("rule", RULES, ids=by_code)
def test_samples_are_there(rule: Rule) -> None:
    """Only a rule that the engine, a check or a probe reports may do without."""
    assert bool(rule.match) == bool(rule.samples)


@pytest.mark.parametrize("rule", RULES, ids=by_code)
def test_the_message_has_no_hole(rule: Rule) -> None:
    """A field outside brackets is one that every pattern reads; others are known at all."""
    if not rule.match and (rule.lint or rule.preflight):
        return  # the tests of the check or probe look at the message
    if not rule.match:
        assert fields_of(rule.message) <= ALWAYS_KNOWN | ENGINE_FIELDS
        return
    groups = [set(re.compile(pattern.regex).groupindex) for pattern in rule.match]
    needed = required_fields(rule.message)
    assert all(needed <= group for group in groups), (needed, groups)
    collected = {
        name
        for pattern in rule.match
        for regex in pattern.collect
        for name in re.compile(regex).groupindex
    }
    assert fields_of(rule.message) <= set().union(*groups) | collected | ALWAYS_KNOWN


@pytest.mark.parametrize("rule", [r for r in RULES if r.role in ("cause", "either")], ids=by_code)
def test_a_cause_has_a_way_out(rule: Rule) -> None:
    """Advice names a key, a value, a variable, a command or code, and how to confirm it."""
    concrete = [
        item
        for item in rule.remedies
        if item.config or item.env or item.command or item.code or item.hardware
    ]
    assert concrete
    assert any(item.confirm for item in rule.remedies)


@pytest.mark.parametrize("rule", RULES, ids=by_code)
def test_patterns_are_linear(rule: Rule) -> None:
    """No pattern takes long on a line made to hurt, at the length that lines are cut to."""

    def late(_: int, __: FrameType | None) -> None:
        raise TimeoutError(rule.code)

    previous = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, 20)
    try:
        for pattern in rule.match:
            _search_all(pattern)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, previous)


def _search_all(pattern: Pattern) -> None:
    for line in HOSTILE:
        for anchor in with_anchors(pattern).anchors:
            # clean() cuts lines to 4,096 characters; test four times that
            re.search(pattern.regex, anchor + line[:16_384])
            re.search(pattern.regex, line[:16_384] + anchor)


@pytest.mark.skipif(not HEALTHY, reason="no healthy captures in fixtures/healthy")
@pytest.mark.parametrize("path", HEALTHY, ids=lambda path: path.parent.name)
def test_silence_on_healthy_logs(path: Path, diagnose: Explain) -> None:
    """Nothing at warning or above on a job that went well."""
    report = diagnose(path.read_bytes())
    loud = [item for item in report.findings if item.severity.level >= Severity.WARNING.level]
    assert not loud, [(item.code, item.message, item.evidence) for item in loud]
    assert report.verdict.root is None


def crossfire(read: Read) -> dict[str, list[str]]:
    """For every rule, which others explain a line or a traceback of its firing samples."""
    pack, table = Pack(RULES), dict[str, set[str]]()
    for rule in RULES:
        for sample in rule.samples.fires if rule.samples else ():
            codes = {item.rule.code for item in incidents_of([read(sample.log)], pack)}
            loud = {code for code in codes if BY_CODE[code].role in ("cause", "either")}
            table.setdefault(rule.code, set()).update(loud - {rule.code})
    return {code: sorted(others) for code, others in sorted(table.items()) if others}


def test_crossfire_is_as_reviewed(read: Read) -> None:
    """A new entry is a rule that speaks where another should: look before you accept it.

    Write the new table with ``python tools/crossfire.py`` after the review.
    """
    reviewed = yaml.safe_load((ROOT / "tests" / "rules" / "crossfire.yaml").read_text())
    assert crossfire(read) == reviewed


def test_the_index_holds_the_same_rules() -> None:
    """What a wheel carries equals what the checkout says, but for samples."""
    import msgspec

    from dsdoctor.knowledge.pack import index_bytes

    decoded = Pack(msgspec.json.decode(index_bytes(RULES), type=list[Rule]))
    assert [rule.code for rule in decoded] == [rule.code for rule in RULES]
    for rule in RULES:
        kept = decoded[rule.code]
        assert (kept.message, kept.remedies, len(kept.match)) == (
            rule.message,
            rule.remedies,
            len(rule.match),
        )
