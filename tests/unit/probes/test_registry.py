"""Probes and pages belong together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dsdoctor import probes
from dsdoctor.knowledge.pack import Pack
from dsdoctor.probes.registry import PROBES

FOLDER = Path(probes.__file__).parent
CODE = re.compile(r"\bDS[A-Z]\d{3}\b")
OF_HOSTS = "hosts"
"""Where hosts are compared: no probe of one machine."""


def used() -> set[str]:
    """All codes that the probes' sources and tables name."""
    texts = [path.read_text() for path in FOLDER.rglob("*") if path.suffix in (".py", ".yaml")]
    return {code for text in texts for code in CODE.findall(text)}


def test_names_are_short_and_different() -> None:
    names = [probe.id for probe in PROBES]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{2,15}", name) for name in names)


def test_every_module_with_probes_is_registered() -> None:
    modules = {path.stem for path in FOLDER.glob("*.py") if "\nPROBES" in path.read_text()}
    listed = set(re.findall(r"^    (\w+),$", (FOLDER / "registry.py").read_text(), re.MULTILINE))
    assert modules - {"registry"} == listed


@pytest.mark.parametrize("code", sorted(used()))
def test_every_code_has_a_page_that_names_a_probe(pack: Pack, code: str) -> None:
    names = {probe.id for probe in PROBES} | {OF_HOSTS}
    rule = pack[code]
    if rule.lint is None:
        assert rule.preflight, "no preflight section"
        assert rule.preflight.probe in names


def test_every_preflight_page_is_used(pack: Pack) -> None:
    unused = {rule.code for rule in pack if rule.preflight} - used()
    assert not unused
