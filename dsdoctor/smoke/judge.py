"""What must hold of a run that went well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isclose, isfinite
from statistics import fmean

from dsdoctor.model import ranks_named
from dsdoctor.smoke.planned import Plan
from dsdoctor.smoke.records import RankRecord
from dsdoctor.smoke.result import Check

FULL, HALF = 1e-4, 2e-2
"""Relative differences of losses that rounding explains, in fp32 and in 16 bits."""
FEW = 4
"""Steps below which chance decides whether a loss falls."""


def judge(plan: Plan, records: Sequence[RankRecord]) -> tuple[Check, ...]:
    """Everything that can be checked about what the ranks wrote, in the order of a run."""
    checks = [_present(plan, records), _finished(plan, records)]
    if records and all(record.steps for record in records):
        checks += [_finite(records), *_stepped(records), *_falling(records)]
    checks += [*_parameters(records), *_resumed(plan, records), *_gathered(plan, records)]
    return tuple(checks)


def tolerance(config: Mapping[str, object]) -> float:
    """How far the losses of two equal runs may lie apart under this configuration."""
    for name in ("bf16", "fp16", "bfloat16"):
        block = config.get(name)
        if isinstance(block, Mapping) and block.get("enabled") not in (None, False):
            return HALF
    return FULL


def _present(plan: Plan, records: Sequence[RankRecord]) -> Check:
    silent = sorted(set(range(plan.world_size)) - {record.rank for record in records})
    told = f"{len(records)} of {plan.world_size} ranks reported"
    if silent:
        told += f"; silent: rank {ranks_named(silent)}"
    return Check("every rank reports", not silent, told)


def _finished(plan: Plan, records: Sequence[RankRecord]) -> Check:
    """All steps, and the end after them."""
    short = [one for one in records if not one.ended or len(set(one.steps)) < plan.steps]
    if not short:
        return Check("every rank ends", bool(records), f"{plan.steps} steps each")
    parts = [
        f"rank {one.rank} stopped in {one.phase or 'start'} after {len(one.steps)} steps"
        for one in short[:4]
    ]
    more = f" and {len(short) - 4} more" if len(short) > 4 else ""
    return Check("every rank ends", False, ", ".join(parts) + more)


def _finite(records: Sequence[RankRecord]) -> Check:
    """A loss of a step that the loss scaler skipped may be anything."""
    for record in records:
        for step, loss in zip(record.steps, record.losses, strict=True):
            if not isfinite(loss) and step not in record.skipped:
                return Check("finite loss", False, f"rank {record.rank}, step {step}: {loss}")
    return Check("finite loss", True, f"{sum(len(one.losses) for one in records)} losses")


def _stepped(records: Sequence[RankRecord]) -> Iterator[Check]:
    """Under fp16 some steps may be skipped, but not all."""
    skipped = [one for one in records if one.skipped]
    if skipped:
        one = max(skipped, key=lambda item: len(item.skipped))
        told = f"{len(one.skipped)} of {len(one.steps)} skipped for overflow"
        yield Check("optimizer steps", len(one.skipped) < len(one.steps), told)


def _falling(records: Sequence[RankRecord]) -> Iterator[Check]:
    """The mean of all ranks: each rank sees data of its own."""
    count = min(len(one.losses) for one in records)
    steps = [[one.losses[step] for one in records] for step in range(count)]
    curve = [fmean(losses) for losses in steps if all(map(isfinite, losses))]
    if len(curve) < FEW:
        return
    part = max(1, len(curve) // 3)
    first, last = fmean(curve[:part]), fmean(curve[-part:])
    yield Check("falling loss", last < first, f"{curve[0]:.3g} → {curve[-1]:.3g}")


def _parameters(records: Sequence[RankRecord]) -> Iterator[Check]:
    """After the last step all ranks must hold the same parameters."""
    digests = {one.rank: one.digest for one in records if one.digest}
    if len(digests) < 2:
        return
    first = digests[min(digests)]
    other = sorted(rank for rank, digest in digests.items() if digest != first)
    told = f"rank {ranks_named(other)} differs from rank {min(digests)}" if other else "equal"
    yield Check("same parameters on all ranks", not other, told)


def _resumed(plan: Plan, records: Sequence[RankRecord]) -> Iterator[Check]:
    """The step after loading must have the loss that it had without the interruption."""
    if plan.save_at is None:
        return
    resumed = [(one, one.resumed) for one in records if one.resumed]
    if not resumed:
        yield Check("resumed loss", False, "no rank loaded its checkpoint")
        return
    limit = tolerance(plan.config)
    for record, (step, loss) in resumed:
        losses = dict(zip(record.steps, record.losses, strict=True))
        expected = losses.get(step, float("nan"))
        if not isclose(loss, expected, rel_tol=limit):
            told = f"rank {record.rank}, step {step}: {loss:.5g} after loading, {expected:.5g} else"
            yield Check("resumed loss", False, told)
            return
    yield Check("resumed loss", True, f"as without the interruption, within {limit:.0e}")


def _gathered(plan: Plan, records: Sequence[RankRecord]) -> Iterator[Check]:
    if plan.gather:
        keys = max((one.gathered or 0 for one in records), default=0)
        yield Check("16-bit model gathered", keys > 0, f"{keys} tensors")
