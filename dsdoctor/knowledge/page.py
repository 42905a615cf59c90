"""The page of a rule: what a person reads about a problem, as Markdown."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator

from dsdoctor.knowledge.rule import RemedySpec, Rule

WIDTH = 100


def page_of(rule: Rule) -> str:
    """The page of ``rule``, always with the same parts in the same order."""
    parts = [
        f"# {rule.code} {rule.title}",
        _facts(rule),
        "## Why it happens",
        _wrapped(rule.why),
        "## What dsdoctor says",
        _wrapped(f"“{rule.message}”"),
        *_ways_out(rule.remedies),
        *_patterns(rule),
        *_optional("## What else looks like this", _wrapped(rule.false_positives)),
        *_optional("## References", "\n".join(f"- {item}" for item in rule.references)),
    ]
    return "\n\n".join(parts) + "\n"


def index_of(rules: Iterable[Rule]) -> str:
    """The table of all rules."""
    rows = [
        f"| [{rule.code}]({rule.code}.md) | {rule.title} | {rule.severity} | {rule.role} |"
        for rule in rules
    ]
    head = ["# Rules", "", "| code | problem | severity | part |", "| --- | --- | --- | --- |"]
    return "\n".join([*head, *rows]) + "\n"


def _facts(rule: Rule) -> str:
    rows = {
        "name": f"`{rule.slug}`",
        "family": rule.family,
        "severity": rule.severity,
        "usual part": rule.role + (", does not stop the job" if rule.silent else ""),
        "found by": ", ".join(_finders(rule)),
        "applies to": ", ".join(f"{name} {spec}" for name, spec in rule.applies_to.items()),
        "special case of": ", ".join(rule.refines),
        "can be caused by": ", ".join(rule.consequence_of),
    }
    return "\n".join(["| | |", "| --- | --- |", *(f"| {k} | {v} |" for k, v in rows.items() if v)])


def _finders(rule: Rule) -> Iterator[str]:
    """The commands that can report the problem."""
    if rule.match or not (rule.lint or rule.preflight):
        yield "`explain`"
    if rule.lint:
        yield "`lint`"
    if rule.preflight:
        yield f"`preflight` ({rule.preflight.probe})"


def _ways_out(remedies: tuple[RemedySpec, ...]) -> Iterator[str]:
    if not remedies:
        return
    yield "## Ways out, best first"
    for number, remedy in enumerate(remedies, 1):
        yield _wrapped(f"{number}. {remedy.summary} (risk: {remedy.risk})")
        for language, block in _blocks(remedy):
            yield f"```{language}\n{block.strip()}\n```"
        if remedy.confirm:
            yield f"Confirm: `{remedy.confirm}`"


def _blocks(remedy: RemedySpec) -> Iterator[tuple[str, str]]:
    if remedy.config:
        yield "json", json.dumps(remedy.config, indent=2)
    if remedy.env:
        yield "sh", "\n".join(f"export {name}={value}" for name, value in remedy.env.items())
    if remedy.command:
        yield "sh", remedy.command
    if remedy.code:
        yield "python", remedy.code


def _patterns(rule: Rule) -> Iterator[str]:
    if rule.match:
        yield "## How it is recognised"
        yield "```\n" + "\n".join(pattern.regex for pattern in rule.match) + "\n```"


def _optional(title: str, text: str) -> list[str]:
    return [title, text] if text else []


def _wrapped(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), WIDTH, break_long_words=False)
