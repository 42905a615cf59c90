"""Where monitors write. Read from deepspeed 0.19.8 monitor/csv_monitor.py and tensorboard.py."""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.checks.built import found
from dsdoctor.checks.problem import Check, Problem
from dsdoctor.job.resolve import enabled, value
from dsdoctor.job.spec import JobSpec

WRITERS = ("tensorboard", "csv_monitor")


def output_path_missing(spec: JobSpec) -> Iterator[Problem]:
    """Without a path the files go to wherever the first process was started."""
    for block in WRITERS:
        if enabled(spec, block) is not True or value(spec, (block, "output_path")):
            continue
        name = value(spec, (block, "job_name"))
        settings = found(spec, (block, "enabled"))
        yield Problem("DSC174", {"block": block, "folder": f"./{name}"}, settings)


CHECKS: tuple[Check, ...] = (output_path_missing,)
