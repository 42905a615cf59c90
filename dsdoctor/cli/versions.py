"""A report as it is, and as it may leave the machine."""

from __future__ import annotations

from functools import cached_property

from dsdoctor.cli.given import Given
from dsdoctor.model import Report

STAYS = frozenset({"text", "json"})
"""Formats that people and programs read here; all others are made for somewhere else."""


class Versions:
    """A report as it is and as it may leave the machine, which is made when it is asked for.

    Args:
        report: what was found.
        redact: what the user said; None goes by the format.
        given: what else was on the command line, to learn names and keys from.
    """

    def __init__(self, report: Report, redact: bool | None, given: Given) -> None:
        self._report = report
        self._redact = redact
        self._given = given

    def for_format(self, name: str) -> Report:
        """The one that the format ``name`` shows."""
        wanted = name not in STAYS if self._redact is None else self._redact
        return self._redacted if wanted else self._report

    @cached_property
    def _redacted(self) -> Report:
        # what it needs takes longer to load than most reports to print
        from dsdoctor.cli.redacting import redacted_report

        return redacted_report(self._report, self._given)
