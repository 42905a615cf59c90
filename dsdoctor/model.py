"""The types that flow through dsdoctor. Frozen, typed, without input or output.

An *event* is an observation about one line; a *finding* is a judgement about the job. Only
``dsdoctor.diagnosis`` turns the first into the second for logs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class _Ordered(str, Enum):
    """A string enum whose members compare in the order of their definition."""

    @property
    def level(self) -> int:
        """Position among the members, 0 for the first."""
        return list(type(self)).index(self)


class Severity(_Ordered):
    """How bad it is for the job."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    FATAL = "fatal"


class Confidence(_Ordered):
    """How sure the judgement is."""

    POSSIBLE = "possible"
    LIKELY = "likely"
    CERTAIN = "certain"


class Role(str, Enum):
    """The part a finding plays in the story of the failure."""

    CAUSE = "cause"
    CONSEQUENCE = "consequence"
    CONTEXT = "context"


class Status(str, Enum):
    """What the verdict as a whole says: the first four of a log, the others of a check."""

    DIAGNOSED = "diagnosed"
    UNRECOGNISED = "unrecognised"
    HEALTHY = "healthy"
    INCONCLUSIVE = "inconclusive"
    CLEAN = "clean"
    PROBLEMS = "problems"


@dataclass(frozen=True, slots=True)
class Origin:
    """Who wrote a line, as far as its prefix, its file name or the launcher tell.

    ``time`` is naive and as printed: logs of one host agree with each other, and converting a
    zone that most lines do not name would only invent an order.
    """

    rank: int | None = None
    local_rank: int | None = None
    host: str | None = None
    pid: int | None = None
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log: 1-based ``number`` (counted by line feeds) and cleaned ``text``."""

    number: int
    text: str
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a Python traceback.

    ``code`` is the source line if it was printed, ``log_line`` where in the log the frame stands.
    """

    file: str
    line: int
    function: str
    code: str = ""
    log_line: int = 0


@dataclass(frozen=True, slots=True)
class ExceptionLink:
    """One exception of a chain, in the order of printing (the first was raised first)."""

    exception: str
    message: str
    frames: tuple[Frame, ...]
    first_line: int
    exception_line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class Traceback:
    """A traceback put together from the lines of one rank."""

    source: str
    origin: Origin
    links: tuple[ExceptionLink, ...]

    @property
    def first_line(self) -> int:
        """The line of the first header."""
        return self.links[0].first_line

    @property
    def last_line(self) -> int:
        """The last line that belongs to the last exception."""
        return max(link.last_line for link in self.links)


@dataclass(frozen=True, slots=True)
class Event:
    """A rule matched a line.

    ``writer`` wrote the line; ``origin`` is whom it is about (a line of the launcher may name a
    rank). ``count`` says how many lines of this rank matched in all, ``last_line`` the last.
    """

    rule: str
    source: str
    line: int
    text: str
    writer: Origin = Origin()
    origin: Origin = Origin()
    fields: Mapping[str, str] = field(default_factory=dict)
    pattern: int = 0
    count: int = 1
    last_line: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """A sign that training moved: the optimizer step (if printed), loss and when.

    ``skipped`` is DeepSpeed's count of optimizer steps left out so far for overflow.
    """

    source: str
    line: int
    text: str
    step: int | None = None
    total: int | None = None
    loss: float | None = None
    skipped: int | None = None
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True)
class Evidence:
    """A line to look at. ``key`` is the dotted config key where the evidence is a config."""

    file: str
    line: int
    text: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a file around evidence; ``first`` is the number of the first of them."""

    file: str
    first: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remedy:
    """One way out. Exactly one of ``config``, ``env``, ``command``, ``code`` is usually set.

    ``config`` is an RFC 7396 merge patch for ds_config.json; ``fix`` is ``safe`` or ``unsafe``
    where the patch was made for the user's own file, and empty where it is only an example.
    """

    summary: str
    kind: str
    config: Mapping[str, object] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    code: str = ""
    risk: str = "safe"
    confirm: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A judgement about the job. ``caused_by`` is the code of the finding that led to it."""

    code: str
    slug: str
    title: str
    severity: Severity
    confidence: Confidence
    role: Role
    message: str
    why: str = ""
    evidence: tuple[Evidence, ...] = ()
    ranks: tuple[int, ...] = ()
    hosts: tuple[str, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    caused_by: str | None = None
    count: int = 1
    user_frame: str = ""
    argument: str = ""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One moment of the job, in order."""

    file: str
    line: int
    text: str
    rank: int | None = None
    host: str | None = None
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class RankRow:
    """One rank: where its last line stands, its last optimizer step, how and when it ended.

    ``code`` is the finding's that ended it; empty where it ended well or nobody knows. ``time`` is
    of that end, else of its last line, where these carry one.
    """

    rank: int
    host: str | None = None
    last_step: int | None = None
    file: str = ""
    last_line: int = 0
    ended: str = ""
    code: str = ""
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was looked at and, above all, what was not."""

    files: int = 0
    lines: int = 0
    bytes: int = 0
    seconds: float = 0.0
    world_size: int | None = None
    ranks_seen: tuple[int, ...] = ()
    ranks_missing: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer: a status, a sentence, and the root cause if there is one."""

    status: Status
    summary: str
    root: Finding | None = None


class Outcome(str, Enum):
    """What became of one probe. Not looked at is never the same as found well."""

    OK = "ok"
    ATTENTION = "attention"
    SKIPPED = "skipped"
    CRASHED = "crashed"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What one probe found on one host.

    ``summary`` is one line about what is there. ``facts`` are JSON values that can be compared
    with those of another host or of last week. ``note`` says why it was skipped or broke off.
    """

    probe: str
    outcome: Outcome
    summary: str = ""
    findings: tuple[Finding, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    seconds: float = 0.0
    note: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What a repair did to one configuration. ``written`` is empty where nothing was saved."""

    file: str
    applied: tuple[str, ...]
    diff: str
    written: str = ""


@dataclass(frozen=True, slots=True)
class SmokeRank:
    """One rank of a smoke run: losses and seconds by optimizer step, memory in bytes at its peak.

    ``phase`` is the last one that it entered.
    """

    rank: int
    host: str = ""
    steps: int = 0
    losses: tuple[float, ...] = ()
    seconds: tuple[float, ...] = ()
    memory: Mapping[str, int | None] = field(default_factory=dict)
    phase: str = ""


@dataclass(frozen=True, slots=True)
class SmokeCheck:
    """One thing that must hold of a run, and by what numbers it does or does not."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class SmokeRun:
    """One small training run.

    ``outcome`` is ``passed``, ``failed``, ``hung``, ``refused``, ``interrupted`` or, of a variant
    that this machine cannot run, ``skipped``; ``reason`` says why it did not pass. ``code`` is
    the finding's that ended it. ``changes`` were made to the user's configuration for the run.
    """

    name: str
    outcome: str
    reason: str = ""
    code: str = ""
    title: str = ""
    device: str = ""
    config: str = ""
    ranks: tuple[SmokeRank, ...] = ()
    checks: tuple[SmokeCheck, ...] = ()
    changes: tuple[str, ...] = ()
    seconds: float = 0.0
    log: str = ""


@dataclass(frozen=True, slots=True)
class Smoke:
    """What smoke runs showed: one run, or two with what they prove together, or a matrix.

    ``outcome`` is the run's, or the slug of the comparison; ``sentence`` is the comparison.
    """

    outcome: str
    runs: tuple[SmokeRun, ...]
    sentence: str = ""
    matrix: bool = False
    checks: tuple[SmokeCheck, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a renderer needs. ``command`` made it: explain, lint, preflight or smoke."""

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    coverage: Coverage = Coverage()
    ranks: tuple[RankRow, ...] = ()
    network: tuple[str, ...] = ()
    collect: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    command: str = "explain"
    changes: tuple[Change, ...] = ()
    probes: tuple[ProbeResult, ...] = ()
    smoke: Smoke | None = None
    excerpts: tuple[Excerpt, ...] = ()


MAX_RUNS_NAMED = 8


def ranks_named(ranks: Sequence[int]) -> str:
    """``0-7, 9`` for a sorted list of ranks, cut where it gets long."""
    runs: list[list[int]] = []
    for rank in ranks:
        if runs and rank == runs[-1][1] + 1:
            runs[-1][1] = rank
        else:
            runs.append([rank, rank])
    names = [f"{low}" if low == high else f"{low}-{high}" for low, high in runs]
    more = f" and {len(names) - MAX_RUNS_NAMED} more" if len(names) > MAX_RUNS_NAMED else ""
    return ", ".join(names[:MAX_RUNS_NAMED]) + more
