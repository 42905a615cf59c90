"""Redacts a report, and tells the redactor what it can know of this machine."""

from __future__ import annotations

import getpass
import os
import socket
from dataclasses import replace

from dsdoctor.cli.given import Given
from dsdoctor.cli.learning import learn_given
from dsdoctor.model import Report
from dsdoctor.redact.redactor import Redactor
from dsdoctor.report.near_places import with_near_places

MAX_ENVIRONMENT = 1 << 20


def redacted_report(report: Report, given: Given) -> Report:
    """The report without secrets and identities; a note says so if there were any.

    Args:
        report: what was found.
        given: the command line, and above all the logs that the report is of.
    """
    near = with_near_places(report)
    redactor = this_redactor()
    redactor.learn(_environment())
    learn_given(redactor, given)
    done = redactor.report(near)
    if done == near:
        return near
    notes = (*done.coverage.notes, f"{_told(redactor)} replaced; --no-redact shows all")
    return replace(done, coverage=replace(done.coverage, notes=notes))


def this_redactor() -> Redactor:
    """One that knows this machine's name and account: they need no context to be found."""
    try:
        user = [getpass.getuser()]
    except (KeyError, OSError):  # a container without an entry for its user
        user = []
    return Redactor([socket.gethostname()], user)


def _environment() -> bytes:
    """The job's log may print what this environment has: its keys are named here.

    CI systems hand them to the job and to this step alike.
    """
    lines = (f"{name}={' '.join(value.split())}" for name, value in os.environ.items())
    return "\n".join(lines).encode("utf-8", "surrogateescape")[:MAX_ENVIRONMENT]


def _told(redactor: Redactor) -> str:
    """``1 secret, 3 names and addresses``."""
    names = sum(redactor.names.values())
    secrets = sum(redactor.replaced.values()) - sum(
        count for kind, count in redactor.replaced.items() if kind in redactor.names
    )
    said = [f"{secrets} secret{'s' * (secrets > 1)}"] if secrets else []
    said += [f"{names} name{'s' * (names > 1)} or addresses"] if names > 1 else []
    return ", ".join([*said, *(["1 name or address"] if names == 1 else [])]) or "some texts"
