"""Monitors that need a package on every node. Read from deepspeed 0.19.8 monitor/utils.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dsdoctor.checks.problem import Check, Problem
from dsdoctor.job.resolve import enabled
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Confidence, Severity

PACKAGES: Mapping[str, str] = {
    "tensorboard": "tensorboard",
    "wandb": "wandb",
    "comet": "comet_ml",
}
"""The block -> what is imported at initialize if it is on."""


def monitor_packages(spec: JobSpec) -> Iterator[Problem]:
    """A reminder: from here nobody sees what is installed on the nodes."""
    for block, package in PACKAGES.items():
        setting = spec.setting((block, "enabled"))
        if setting and enabled(spec, block) is True:
            yield Problem(
                "DSC046",
                {"package": package, "block": block},
                (setting,),
                Severity.INFO,
                Confidence.POSSIBLE,
            )


CHECKS: tuple[Check, ...] = (monitor_packages,)
