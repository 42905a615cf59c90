"""From a report to an exit code."""

from __future__ import annotations

from dsdoctor.errors import EXIT_FINDINGS, EXIT_OK
from dsdoctor.model import Report, Severity

LEVELS = [*(severity.value for severity in Severity), "never"]
"""What ``--fail-on`` accepts."""


def exit_code(report: Report, fail_on: str) -> int:
    """1 if any finding is at or above ``fail_on``."""
    if fail_on == "never":
        return EXIT_OK
    level = Severity(fail_on).level
    worst = max((finding.severity.level for finding in report.findings), default=-1)
    return EXIT_FINDINGS if worst >= level else EXIT_OK
