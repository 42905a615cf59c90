"""Sets of versions that are known not to work together, each with its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from dsdoctor.job.gap import Gap
from dsdoctor.job.place import path_of
from dsdoctor.job.resolve import value
from dsdoctor.job.spec import Filler, JobSpec
from dsdoctor.model import Confidence, Evidence, Severity
from dsdoctor.probes.probe import Complaint
from dsdoctor.probes.version_text import fits

FILE = Path(__file__).parent / "data" / "known_bad.yaml"
KNOWN_BAD = "DSB060"
Line = Annotated[str, msgspec.Meta(min_length=8, max_length=300)]


class KnownBad(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One set of versions.

    ``packages`` are ranges such as ">=2.0,<2.4", or "absent". ``when`` are values of the
    configuration, of which a list names several; ``trainer`` asks for the Hugging Face Trainer.
    Where the configuration is not known, the entry is only information.
    """

    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]+$")]
    packages: dict[str, str]
    severity: Literal["info", "warning", "error", "fatal"]
    effect: Line
    advice: Line
    sources: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    command: str = ""
    code: Annotated[str, msgspec.Meta(pattern=r"^DS[A-Z]\d{3}$")] = KNOWN_BAD
    when: dict[str, Any] = {}
    trainer: bool = False


@cache
def entries() -> tuple[KnownBad, ...]:
    """The list as it was shipped."""
    return msgspec.yaml.decode(FILE.read_bytes(), type=tuple[KnownBad, ...])


def known_bad(found: Mapping[str, str], job: JobSpec | None) -> Iterator[Complaint]:
    """The entries that fit the versions at hand and, where they ask for it, the job."""
    for entry in entries():
        if all(fits(found.get(name), wanted) for name, wanted in entry.packages.items()):
            applies = _applies(entry, job)
            if applies is not False:
                yield _complaint(entry, found, sure=applies is True)


def _applies(entry: KnownBad, job: JobSpec | None) -> bool | None:
    """None where the configuration would decide and does not."""
    if not entry.when and not entry.trainer:
        return True
    if job is None:
        return None
    if entry.trainer and job.filler is not Filler.TRAINER:
        return None if job.filler is Filler.NONE else False
    met = [_met(value(job, path_of(name)), wanted) for name, wanted in entry.when.items()]
    return False if False in met else None if None in met else True


def _met(actual: Any, wanted: Any) -> bool | None:
    """The words "more than 1" are for accumulation; an "auto" that stays decides nothing."""
    if actual is Gap.UNKNOWN or actual == "auto":
        return None
    if wanted == "more than 1":
        return isinstance(actual, int) and actual > 1
    return actual in wanted if isinstance(wanted, list) else actual == wanted


def _complaint(entry: KnownBad, found: Mapping[str, str], *, sure: bool) -> Complaint:
    named = [f"{name} {found.get(name, 'missing')}" for name in entry.packages]
    values = {
        "packages": " with ".join(named),
        "effect": entry.effect,
        "advice": entry.advice,
        "command": entry.command,
    }
    proof = tuple(Evidence(source, 0, "") for source in entry.sources)
    severity = Severity(entry.severity) if sure else Severity.INFO
    confidence = Confidence.LIKELY if sure else Confidence.POSSIBLE
    return Complaint(entry.code, values, proof, severity, confidence)
