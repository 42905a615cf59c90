"""Every error that a user can see. Each one carries its own hint and exit code."""

from __future__ import annotations

EXIT_OK = 0
EXIT_FINDINGS = 1
EXIT_USAGE = 2
EXIT_INTERNAL = 3
EXIT_INTERRUPTED = 130


class DsDoctorError(Exception):
    """A failure of dsdoctor's own work, never of the patient.

    Args:
        message: what went wrong, in one sentence.
        hint: what the user can do next; empty when there is nothing to say.
        location: ``file``, ``file:line`` or ``file:line:column``; empty when unknown.
    """

    exit_code = EXIT_INTERNAL

    def __init__(self, message: str, *, hint: str = "", location: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.location = location

    def __str__(self) -> str:
        text = f"{self.location}: {self.message}" if self.location else self.message
        return f"{text}\nhint: {self.hint}" if self.hint else text


class UsageError(DsDoctorError):
    """The command line or an input file cannot be used as given."""

    exit_code = EXIT_USAGE


class SourceError(UsageError):
    """A log, a directory or standard input cannot be read."""


class RuleError(UsageError):
    """A rule file does not follow the schema."""
