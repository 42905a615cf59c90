"""Every complaint about a rule file names its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsdoctor.errors import RuleError
from dsdoctor.knowledge.loader import load_rule, load_rules, parse_rule

GOOD = """\
code: DSC001
slug: some-problem
title: Some problem is here
severity: fatal
role: cause
match:
  - regex: 'a literal that is long'
message: something happened here
why: because something happened here
"""


def write(tmp_path: Path, text: str) -> Path:
    """A rule file at its right place."""
    path = tmp_path / "config" / "some-problem.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_a_good_rule_loads(tmp_path: Path) -> None:
    rule = load_rule(write(tmp_path, GOOD))
    assert (rule.code, rule.family) == ("DSC001", "config")


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        (("severity: fatal", "severity: awful"), ":4:11", "awful"),
        (("role: cause", "role: cause\nroel: cause"), ":6:1", "unknown field"),
        (("  - regex:", "  - regexp: x\n    regex:"), ":7:5", "unknown field"),
        (("a literal that is long", "a (literal that is long"), ":7:5", "regex"),
        (("a literal that is long", r"\\d+ \\w+"), ":7:5", "literal"),
        (("code: DSC001", "code: DSQ001"), ":1:7", "matching regex"),
        (("title: Some problem is here", "title: 3"), ":3:8", "Expected `str`"),
        (("role: cause", "role: cause\nrole: either"), ":6:1", "twice"),
        (("role: cause", "role: [cause"), ":", "not valid YAML"),
        (("title: Some problem is here", "title: &t Some problem\nslug2: *t"), ":", "aliases"),
    ],
)
def test_a_bad_rule_is_refused_with_its_place(
    tmp_path: Path, change: tuple[str, str], place: str, words: str
) -> None:
    """File, line and column, and what is wrong."""
    path = write(tmp_path, GOOD.replace(*change, 1))
    with pytest.raises(RuleError) as caught:
        load_rule(path)
    assert str(path) + place in str(caught.value)
    assert words in str(caught.value)


def test_a_rule_must_lie_where_its_name_says(tmp_path: Path) -> None:
    write(tmp_path, GOOD.replace("some-problem", "other-problem"))
    with pytest.raises(RuleError, match=r"belongs in rules/config/other-problem\.yaml"):
        load_rules(tmp_path)


def test_a_code_is_used_once(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    other = tmp_path / "config" / "another-problem.yaml"
    other.write_text(GOOD.replace("some-problem", "another-problem"))
    with pytest.raises(RuleError, match="already used"):
        load_rules(tmp_path)


def test_a_yaml_bomb_is_refused_quickly(tmp_path: Path) -> None:
    """Nested aliases are not expanded."""
    bomb = "a: &a [x]\n" + "".join(
        f"b{n}: &b{n} [{', '.join([f'*b{n - 1}' if n else '*a'] * 9)}]\n" for n in range(30)
    )
    with pytest.raises(RuleError, match="aliases"):
        load_rule(write(tmp_path, bomb))


def test_a_huge_rule_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="larger than"):
        load_rule(write(tmp_path, "#" * 300_000))


def test_a_rule_for_lint_needs_samples_of_both_kinds(tmp_path: Path) -> None:
    """Only the wheel's index, which nobody edits, does without."""
    path = write(tmp_path, GOOD + "lint:\n  silent:\n    - config: '{}'\n")
    with pytest.raises(RuleError, match="samples that fire"):
        load_rule(path)


HOSTILE = {
    "brackets that end a process": ("x: " + "[" * 100_000, "nested too deeply"),
    "a list as key": ("? [a]\n: b", "single word"),
    "a date": ("config: {a: 2026-99-99}", "quote the text"),
    "a tag of Python": ("x: !!python/object:os.system x", "not allowed"),
    "a tag of a set": ("x: !!set {a}", "not allowed"),
    "a number that is none": ("x: !!int a", "not what its tag says"),
    "a number of 6,000 digits": ("x: " + "9" * 6_000, "not what its tag says"),
    "too many repetitions": ("unless: ['(?:abcd){99999999999}']", "too large"),
    "too many groups": ("unless: ['" + "(" * 3_000 + ")" * 3_000 + "']", "recursion"),
    "two meanings": ("unless: ['abcd[[a]']", "nested set"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_rules_are_refused(name: str) -> None:
    """With our own error, whatever the parsers below raise."""
    more, words = HOSTILE[name]
    with pytest.raises(RuleError, match=f"(?i){words}"):
        parse_rule(f"{GOOD}{more}\n".encode(), Path("x.yaml"))


@pytest.mark.parametrize(
    "pattern",
    [
        r"{regex: 'abcd\ud800efgh'}",
        "{regex: abcd, anchors: ['']}",
        "{regex: abcd, anchors: [" + "x" * 201 + "]}",
    ],
    ids=["half a character", "empty", "too long"],
)
def test_what_cannot_be_scanned_for_is_no_literal(pattern: str) -> None:
    text = GOOD.replace("- regex: 'a literal that is long'", f"- {pattern}")
    with pytest.raises(RuleError, match="is no literal to scan for"):
        parse_rule(text.encode(), Path("x.yaml"))
