"""What a rule file may say. The YAML is decoded straight into these types.

Unknown keys and wrong types are errors: see ``dsdoctor.knowledge.loader``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Code = Annotated[str, msgspec.Meta(pattern=r"^DS[CMNLHPEKBDX][0-9]{3}$")]
Slug = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Sentence = Annotated[str, msgspec.Meta(min_length=8)]

FAMILIES: dict[str, str] = {
    "C": "config",
    "M": "memory",
    "N": "network",
    "L": "launcher",
    "H": "host",
    "P": "precision",
    "E": "engine",
    "K": "checkpoint",
    "B": "build",
    "D": "data",
    "X": "other",
}
"""The letter after ``DS`` names the folder under ``rules/``."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all parts of a rule file."""


class Pattern(_Strict, frozen=True):
    """One way in which the problem shows in a log.

    ``regex`` is searched in one line, prefix and colours already removed. ``anchors`` are
    literals of which one must be in the line; they are derived from the regex when left out.
    ``frame`` must match a frame ``file:function:code`` of the traceback the line belongs to.
    ``collect`` are further regexes, searched in the whole exception text (or in the line, where
    there is no traceback), that only add named fields.
    """

    regex: str
    anchors: tuple[str, ...] = ()
    frame: str = ""
    collect: tuple[str, ...] = ()


class RemedySpec(_Strict, frozen=True):
    """One way out, as written in a rule. ``{field}`` is filled from the match."""

    summary: Sentence
    config: dict[str, Any] = {}
    env: dict[str, str] = {}
    command: str = ""
    code: str = ""
    hardware: bool = False
    risk: Literal["safe", "slower", "numerics", "choice"] = "safe"
    confirm: str = ""


class FiringSample(_Strict, frozen=True, rename={"origin": "from"}):
    """A log in which the rule must fire, and the fields it must find there."""

    origin: str
    log: str
    expect: dict[str, str] = {}


class SilentSample(_Strict, frozen=True):
    """A log in which the rule must stay silent."""

    log: str
    why: str = ""


class Samples(_Strict, frozen=True):
    """The rule's own tests."""

    fires: Annotated[tuple[FiringSample, ...], msgspec.Meta(min_length=1)]
    silent: Annotated[tuple[SilentSample, ...], msgspec.Meta(min_length=1)]


class LintSample(_Strict, frozen=True):
    """A configuration, and what else is known about its job.

    ``config`` is the text of ds_config.json, ``arguments`` are TrainingArguments (their mere
    presence says that the Trainer fills "auto"), ``accelerate`` and ``hostfile`` are texts of
    such files, ``launch`` is a launch line, ``gpu`` a compute capability such as "8.0".
    ``expect`` names the ``key`` and ``line`` of the finding, its ``severity``, or a ``message``
    that is in what it says. ``fixed`` is the config after its first fix.
    """

    config: str
    world_size: int | None = None
    trainer: bool = False
    arguments: dict[str, Any] | None = None
    accelerate: str = ""
    launch: str = ""
    hostfile: str = ""
    deepspeed: str = ""
    model: dict[str, Any] = {}
    gpu: str = ""
    expect: dict[str, Any] = {}
    fixed: str = ""
    why: str = ""


class Lint(_Strict, frozen=True):
    """The rule seen from the configuration. ``message`` replaces the one meant for logs.

    A rule file has samples of both kinds; the wheel's index leaves them out.
    """

    fires: tuple[LintSample, ...] = ()
    silent: tuple[LintSample, ...] = ()
    message: str = ""


class Preflight(_Strict, frozen=True):
    """The rule seen on a machine. ``probe`` reports it; ``message`` replaces the one for logs."""

    probe: str
    message: str = ""


class Rule(_Strict, frozen=True):
    """One problem: how it shows, what it means, what to do.

    ``role`` is its usual part: ``either`` is a cause only where nothing better explains it.
    ``silent`` marks damage that does not stop the job, so a good ending does not acquit it.
    ``at_end`` asks that the line is among the last things its rank said.
    ``min_count`` is the number of matching lines of one rank below which it is noise.
    ``refines`` names rules of which this is a special case; ``consequence_of`` names rules
    that, seen in the same job, explain this one. ``lint`` is there if a check of the
    configuration reports the problem too, ``preflight`` if a probe of the machine does.
    """

    code: Code
    slug: Slug
    title: Sentence
    severity: Literal["info", "warning", "error", "fatal"]
    role: Literal["cause", "consequence", "either", "context"]
    message: Sentence
    why: Sentence
    remedies: tuple[RemedySpec, ...] = ()
    match: tuple[Pattern, ...] = ()
    unless: tuple[str, ...] = ()
    min_count: Annotated[int, msgspec.Meta(ge=1)] = 1
    at_end: bool = False
    silent: bool = False
    refines: tuple[Code, ...] = ()
    consequence_of: tuple[Code, ...] = ()
    applies_to: dict[str, str] = {}
    false_positives: str = ""
    references: tuple[str, ...] = ()
    samples: Samples | None = None
    lint: Lint | None = None
    preflight: Preflight | None = None

    @property
    def family(self) -> str:
        """The folder under ``rules/`` in which the rule lives."""
        return FAMILIES[self.code[2]]
