"""Measuring and logging that was left on, and what it costs in every step.

Read from deepspeed 0.19.8 runtime/engine.py, utils/timer.py, runtime/utils.py (see_memory_usage),
comm/comm.py (timed_op), runtime/config.py (wall_clock_breakdown), zero/stage3.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.checks.built import OFF, found
from dsdoctor.checks.patches import put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.wording import shown
from dsdoctor.job.gap import UNKNOWN
from dsdoctor.job.place import Path, dotted
from dsdoctor.job.resolve import stage, value
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Severity

BREAKDOWN: Path = ("wall_clock_breakdown",)
FLOPS: Path = ("flops_profiler", "enabled")
COMMS: Path = ("comms_logger", "enabled")
AUTOTUNING: Path = ("autotuning", "enabled")


def is_on(spec: JobSpec, path: Path) -> bool:
    """Written, and true in Python's eyes; "auto" is a text like any other here."""
    if spec.schema.key(path) is None or spec.setting(path) is None:
        return False
    found_value = value(spec, path)
    return found_value is not UNKNOWN and found_value not in OFF


def wall_clock_breakdown(spec: JobSpec) -> Iterator[Problem]:
    """Timers around forward, backward, reduction and step."""
    if is_on(spec, BREAKDOWN):
        fix = Fix("Switch it off", put(BREAKDOWN, False))
        yield Problem("DSC167", {}, found(spec, BREAKDOWN), fixes=(fix,))


def memory_breakdown(spec: JobSpec) -> Iterator[Problem]:
    """A garbage collection and a report at six points of every micro batch."""
    path = ("memory_breakdown",)
    if is_on(spec, path):
        fix = Fix("Switch it off", put(path, False))
        yield Problem("DSC168", {}, found(spec, path), fixes=(fix,))


def flops_profiler(spec: JobSpec) -> Iterator[Problem]:
    """The profile is of one step; the timers that come with it stay."""
    if is_on(spec, FLOPS) and not is_on(spec, AUTOTUNING):
        step = value(spec, ("flops_profiler", "profile_step"))
        fix = Fix("Switch it off once the profile is taken", put(FLOPS, False))
        settings = found(spec, FLOPS, ("flops_profiler", "profile_step"))
        yield Problem("DSC169", {"step": shown(step)}, settings, fixes=(fix,))


def comms_logger(spec: JobSpec) -> Iterator[Problem]:
    """Every collective is made blocking, logged or not."""
    if is_on(spec, COMMS):
        fix = Fix("Switch it off", put(COMMS, False))
        verbose = found(spec, ("comms_logger", "verbose"))
        loud = verbose if is_on(spec, ("comms_logger", "verbose")) else ()
        values = {"more": "prints a line for each"} if loud else {}
        yield Problem("DSC170", values, (*found(spec, COMMS), *loud), fixes=(fix,))


def autotuning(spec: JobSpec) -> Iterator[Problem]:
    """The engine ends the program after its measuring steps."""
    if is_on(spec, AUTOTUNING):
        last = value(spec, ("autotuning", "end_profile_step"))
        values = {"step": str(last + 1)} if isinstance(last, int) else {}
        fix = Fix("Switch autotuning off", put(AUTOTUNING, False))
        yield Problem("DSC172", values, found(spec, AUTOTUNING), fixes=(fix,))


DEBUGGING: dict[Path, str] = {
    ("dump_state",): "prints the whole engine at the start",
    ("zero_optimization", "log_trace_cache_warnings"): (
        "prints a line whenever the order of the modules changes"
    ),
    ("zero_optimization", "enable_sanity_checks"): (
        "sends the parameter ids around and compares them before each reduction"
    ),
    ("activation_checkpointing", "profile"): "times and prints every checkpointed block",
    ("activation_checkpointing", "synchronize_checkpoint_boundary"): (
        "waits for the GPU before and after every checkpointed block"
    ),
}
"""Aids for looking for a fault; the last two count only with deepspeed.checkpointing."""

AT_STAGE_3 = ("log_trace_cache_warnings", "enable_sanity_checks")


def debugging(spec: JobSpec) -> Iterator[Problem]:
    """Output and checks that a working job does not need."""
    for path, effect in DEBUGGING.items():
        if not is_on(spec, path) or (path[-1] in AT_STAGE_3 and stage(spec) != 3):
            continue
        costly = path[-1] == "enable_sanity_checks"
        values = {"key": dotted(path), "effect": effect}
        fix = Fix(f"Switch {path[-1]} off", put(path, False))
        severity = Severity.WARNING if costly else Severity.INFO
        yield Problem("DSC171", values, found(spec, path), severity, fixes=(fix,))


CHECKS: tuple[Check, ...] = (
    wall_clock_breakdown,
    memory_breakdown,
    flops_profiler,
    comms_logger,
    autotuning,
    debugging,
)
