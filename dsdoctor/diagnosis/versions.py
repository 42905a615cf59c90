"""Versions of the software, as far as the logs print them."""

from __future__ import annotations

from collections.abc import Iterable

from dsdoctor.logs.record import LogRecord


def versions_of(records: Iterable[LogRecord]) -> dict[str, str]:
    """The first version that the logs print of each program."""
    result: dict[str, str] = {}
    for record in records:
        for fact in record.facts:
            if "version" in fact.fields:
                result.setdefault(fact.kind, fact.fields["version"])
    return result
