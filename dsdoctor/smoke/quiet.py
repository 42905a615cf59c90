"""Switches off what writes elsewhere, costs time or belongs to another job."""

from __future__ import annotations

from dsdoctor.job.gap import MISSING
from dsdoctor.job.place import Path
from dsdoctor.smoke.draft import Draft

_WRITES = "it writes elsewhere"
_COSTS = "it costs time"

SWITCHES: tuple[tuple[Path, str], ...] = (
    (("tensorboard", "enabled"), _WRITES),
    (("wandb", "enabled"), _WRITES),
    (("csv_monitor", "enabled"), _WRITES),
    (("comet", "enabled"), _WRITES),
    (("nebula", "enabled"), _WRITES),
    (("flops_profiler", "enabled"), _COSTS),
    (("autotuning", "enabled"), "it starts jobs of its own"),
    (("checkpoint", "load_universal"), "the checkpoint here is not a universal one"),
)


def switch_off(draft: Draft) -> None:
    """Only what is on, or could be."""
    for path, why in SWITCHES:
        if draft.get(path) not in (MISSING, False):
            draft.change(path, False, why)
