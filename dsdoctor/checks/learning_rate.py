"""What a scheduler makes of the learning rate: overwritten, falling, or never decaying.

Read from deepspeed 0.19.8 runtime/lr_schedules.py: the constructors of WarmupLR, WarmupDecayLR,
WarmupCosineLR and OneCycle write the rates of their own into the optimizer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dsdoctor.checks.built import OFF, chosen, found, number_at
from dsdoctor.checks.patches import joined, last_names, put, without
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.scheduler import KIND, scheduler
from dsdoctor.checks.scheduler_params import PARAMS
from dsdoctor.job.gap import MISSING
from dsdoctor.job.place import Path
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Severity

RATE: Path = ("optimizer", "params", "lr")
LARGEST: Path = (*PARAMS, "warmup_max_lr")
SMALLEST: Path = (*PARAMS, "warmup_min_lr")
TOTAL: Path = (*PARAMS, "total_num_steps")
WARMUP: Path = (*PARAMS, "warmup_num_steps")
WITH_RATES = ("WarmupLR", "WarmupDecayLR")
WITH_TOTAL = ("WarmupDecayLR", "WarmupCosineLR")


def overwritten_rate(spec: JobSpec) -> Iterator[Problem]:
    """The warmup ends at a rate of its own, and the optimizer's is never used."""
    rate = number_at(spec, *RATE)
    if spec.raw(KIND) not in WITH_RATES or rate is None or _resumes(spec):
        return
    written = spec.raw(LARGEST)
    largest = _default_largest(spec) if written is MISSING else number_at(spec, *LARGEST)
    if largest is None or largest == rate:
        return
    silent = written is MISSING
    late = spec.schema.line == "0.14"  # where it is the scheduler's first step that writes
    values = {
        "used": "used for the first step only" if late else "never used",
        "scheduler": str(spec.raw(KIND)),
        "rate": f"{rate:g}",
        "largest": f"{largest:g}",
        "source": "the default of warmup_max_lr" if silent else "warmup_max_lr",
    }
    follow = Fix(f"Warm up to the optimizer's rate: {rate:g}", put(LARGEST, spec.raw(RATE)))
    keep = Fix(f"Say what happens: lr {largest:g}", put(RATE, largest), safe=True)
    settings = found(spec, RATE, LARGEST, KIND)
    severity = Severity.ERROR if silent and not late else Severity.WARNING
    fixes = (replace(follow, safe=False), keep)
    yield Problem("DSC159", values, settings, severity, fixes=fixes if silent else fixes[:1])


def _resumes(spec: JobSpec) -> bool:
    """From a batch of its own the schedule writes nothing until the first step is over."""
    return spec.raw((*PARAMS, "last_batch_iteration")) not in (MISSING, -1)


def _default_largest(spec: JobSpec) -> float | None:
    """Where WarmupLR follows the optimizer, from 0.17 on, its default is null."""
    one = scheduler(spec)
    default = one.params.get("warmup_max_lr") if one else None
    return default if isinstance(default, float) else None


def ends_in_warmup(spec: JobSpec) -> Iterator[Problem]:
    """The schedule is over before the warmup is: the rate falls to its floor at once."""
    one, total = scheduler(spec), number_at(spec, *TOTAL)
    if one is None or spec.raw(KIND) not in WITH_TOTAL or total is None:
        return
    written = spec.raw(WARMUP)
    default = one.params.get("warmup_num_steps")
    steps = default if written is MISSING else number_at(spec, *WARMUP)
    if not isinstance(steps, (int, float)) or total >= steps:
        return
    fewer = max(1, int(total) // 10)
    fixes = (Fix(f"Warm up for {fewer} steps", put(WARMUP, fewer)),) if total > 1 else ()
    values = {
        "total": f"{total:g}",
        "warmup": f"{steps:g}" + (", its default" if written is MISSING else ""),
    }
    yield Problem("DSC157", values, found(spec, TOTAL, WARMUP), fixes=fixes)


PAIRS = (
    (SMALLEST, LARGEST),
    ((*PARAMS, "cycle_min_lr"), (*PARAMS, "cycle_max_lr")),
)


def upside_down(spec: JobSpec) -> Iterator[Problem]:
    """The smaller rate is the larger one."""
    if scheduler(spec) is None:
        return
    for low, high in PAIRS:
        least, most = number_at(spec, *low), number_at(spec, *high)
        if least is None or most is None or least <= most:
            continue
        swap = joined(put(low, spec.raw(high)), put(high, spec.raw(low)))
        fixes = () if "auto" in (spec.raw(low), spec.raw(high)) else (Fix("Swap them", swap),)
        values = {"low": low[-1], "least": f"{least:g}", "high": high[-1], "most": f"{most:g}"}
        yield Problem("DSC158", values, found(spec, low, high), fixes=fixes)


def odd_ratio(spec: JobSpec) -> Iterator[Problem]:
    """Ratios of WarmupCosineLR are shares of the optimizer's rate."""
    if spec.raw(KIND) != "WarmupCosineLR":
        return
    for name, usual in (("cos_min_ratio", 0.0001), ("warmup_min_ratio", 0.0)):
        path = (*PARAMS, name)
        ratio = number_at(spec, *path)
        if ratio is not None and not 0 <= ratio <= 1:
            fix = Fix(f"Write {usual:g} for {name}", put(path, usual))
            values = {"key": name, "value": f"{ratio:g}"}
            yield Problem("DSC160", values, found(spec, path), fixes=(fix,))


def one_cycle_unread(spec: JobSpec) -> Iterator[Problem]:
    """Keys that OneCycle makes idle: its own decay rates, and the optimizer's betas."""
    if spec.raw(KIND) != "OneCycle":
        return
    rates = [(*PARAMS, name) for name in ("decay_lr_rate", "decay_mom_rate")]
    idle = found(spec, *(path for path in rates if number_at(spec, *path)))
    if idle and spec.raw((*PARAMS, "decay_step_size")) in OFF:
        values = {"keys": last_names(idle), "reason": "decay_step_size is 0: nothing decays"}
        remove = Fix(f"Remove {last_names(idle)}", without(idle), safe=True)
        yield Problem("DSC161", values, idle, fixes=(remove,))
    betas = found(spec, ("optimizer", "params", "betas"))
    in_cycle = spec.raw((*PARAMS, "cycle_momentum")) in (MISSING, True)
    one = chosen(spec)  # Muon hands the betas on to an Adam of its own
    if betas and in_cycle and not _resumes(spec) and not (one and one.name == "muon"):
        values = {
            "keys": "optimizer.params.betas",
            "reason": "cycle_momentum writes (cycle_min_mom, 0.99) over them",
        }
        keep = Fix("Keep the betas", put((*PARAMS, "cycle_momentum"), False))
        yield Problem("DSC161", values, betas, fixes=(keep,))


CHECKS: tuple[Check, ...] = (
    overwritten_rate,
    ends_in_warmup,
    upside_down,
    odd_ratio,
    one_cycle_unread,
)
