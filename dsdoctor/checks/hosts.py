"""Host files, and the hosts that --include and --exclude choose from them.

Read from deepspeed 0.19.8 launcher/runner.py: _parse_hostfile, parse_resource_filter, main.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dsdoctor.checks.problem import Check, Problem
from dsdoctor.job.hosts import HostProblem
from dsdoctor.job.place import Setting
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Severity

PAGES = {
    "bad-line": "DSL030",
    "empty": "DSL030",
    "duplicate": "DSL031",
    "both-filters": "DSL033",
    "count-with-filter": "DSL033",
}
CHOICE = "DSL110"
"""What a filter names and the hosts do not have."""

NO_RANK = ("no-slots", "too-many-slots")
"""DeepSpeed starts, but not as anybody can have wanted."""


def host_problems(spec: JobSpec) -> Iterator[Problem]:
    """Each thing in the host file or in the filters that DeepSpeed refuses."""
    for found in spec.hosts.problems if spec.hosts else ():
        yield Problem(
            PAGES.get(found.kind, CHOICE),
            {"problem": found.text, "effect": _effect(found.kind)},
            (_setting(spec, found),),
            Severity.WARNING if found.kind in NO_RANK else None,
        )


def _effect(kind: str) -> str:
    return "the job starts all the same" if kind in NO_RANK else "deepspeed stops with ValueError"


def _setting(spec: JobSpec, found: HostProblem) -> Setting:
    """The option that was given where it is one, else the line of the file."""
    launch = spec.launch
    options: dict[str, Any] = {"--include": None, "--exclude": None}
    if launch is not None:
        options = {"--include": launch.include, "--exclude": launch.exclude}
    given = options.get(found.place.file)
    return given or Setting(found.kind, found.text, found.place)


def filters_together(spec: JobSpec) -> Iterator[Problem]:
    """Options that exclude each other, without any host file to look into."""
    launch = spec.launch
    if launch is None or launch.launcher != "deepspeed" or spec.hosts is not None:
        return
    filters = [item for item in (launch.include, launch.exclude) if item]
    counts = [launch.options[name] for name in ("num_nodes", "num_gpus") if name in launch.options]
    effect = _effect("both-filters")
    if len(filters) == 2:
        text = "--include and --exclude cannot be used together"
        yield Problem("DSL033", {"problem": text, "effect": effect}, tuple(filters))
    elif filters and counts:
        text = "--num_nodes and --num_gpus cannot be used with --include or --exclude"
        yield Problem("DSL033", {"problem": text, "effect": effect}, (*filters, *counts))


CHECKS: tuple[Check, ...] = (host_problems, filters_together)
