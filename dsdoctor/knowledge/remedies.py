"""Turns the remedies of a rule into advice with the job's own values in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dsdoctor.knowledge.rule import RemedySpec, Rule
from dsdoctor.knowledge.template import fill
from dsdoctor.model import Remedy


def remedies_of(rule: Rule, values: Mapping[str, str]) -> tuple[Remedy, ...]:
    """The rule's ways out, with the log's own values in them."""
    return tuple(_remedy(spec, values) for spec in rule.remedies)


def _remedy(spec: RemedySpec, values: Mapping[str, str]) -> Remedy:
    """One way out."""
    return Remedy(
        summary=fill(spec.summary, values),
        kind=_kind(spec),
        config=_filled(spec.config, values),
        env={name: _fill_known(value, values) for name, value in spec.env.items()},
        command=_fill_known(spec.command, values),
        code=_fill_known(spec.code, values),
        risk=spec.risk,
        confirm=_fill_known(spec.confirm, values),
    )


def _kind(spec: RemedySpec) -> str:
    for kind in ("config", "env", "command", "code", "hardware"):
        if getattr(spec, kind):
            return kind
    return "advice"


def _filled(value: Any, values: Mapping[str, str]) -> Any:
    """A config patch with the fields in its strings filled in."""
    if isinstance(value, dict):
        return {key: _filled(item, values) for key, item in value.items()}
    return _fill_known(value, values) if isinstance(value, str) else value


def _fill_known(text: str, values: Mapping[str, str]) -> str:
    """Fill in known fields; braces of code and shell stay as they are."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
