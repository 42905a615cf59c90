"""What a probe is: a question about a machine, with a time limit.

A probe never prints, exits or catches what it did not expect: the runner turns whatever happens
into an outcome. What can hang in a driver runs in a child process (``child.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dsdoctor.model import Confidence, Evidence, Finding, Severity
from dsdoctor.probes.site import Site


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong on this machine.

    Args:
        code: the rule whose page tells of it.
        values: what the rule's message and remedies mention as ``{name}``.
        evidence: what proves it: a file of the system, a variable, a command and its answer.
        severity: where it is not as bad, or worse, than the rule's page says.
    """

    code: str
    values: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    severity: Severity | None = None
    confidence: Confidence = Confidence.CERTAIN


@dataclass(frozen=True, slots=True)
class Reading:
    """What a probe saw.

    Args:
        summary: one line of what is there, for a person: "8 x H100 80GB".
        complaints: what is wrong with it.
        facts: JSON values worth comparing with another host or another day; nothing that
            changes by itself from second to second.
        findings: what is ready made, by a check of the configuration.
    """

    summary: str
    complaints: tuple[Complaint, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


class Skip(Exception):  # noqa: N818 - it is no error
    """Raised by a probe that does not apply here; the text says why."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A named question.

    Args:
        id: short, permanent: what ``--only`` and ``--skip`` take.
        title: what it looks at, in a few words.
        run: the question. Raises ``Skip`` where it does not apply, ``Unavailable`` where the
            machine does not answer.
        budget: seconds after which nobody waits for it any more.
        deep: only with ``--deep``.
    """

    id: str
    title: str
    run: Callable[[Site], Reading]
    budget: float = 5.0
    deep: bool = False
