"""What a check says: which problem, where, and how it can be mended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dsdoctor.job.place import Setting
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Confidence, Severity


@dataclass(frozen=True, slots=True)
class Fix:
    """A change of ds_config.json that mends the problem.

    Args:
        summary: what it does, as an order: "Remove stage3_max_live_parameters".
        patch: RFC 7396 merge patch; null removes a key.
        safe: the meaning is kept, so nobody needs to choose.
    """

    summary: str
    patch: Mapping[str, Any]
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a job's settings.

    Args:
        code: the rule whose page tells of it.
        values: what the rule's message and remedies mention as ``{name}``.
        settings: the values that prove it, the one to change first. Nothing is proved by a
            key that is not there: name the block around it.
        severity: where it is not as bad, or worse, than the rule's page says.
        confidence: certain if DeepSpeed does this whatever the script does.
        fixes: changes of the configuration, best first. The rule's own remedies follow.
    """

    code: str
    values: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[Setting, ...] = ()
    severity: Severity | None = None
    confidence: Confidence = Confidence.CERTAIN
    fixes: tuple[Fix, ...] = ()


Check = Callable[[JobSpec], Iterable[Problem]]
