"""hpZ and ZenFlow against the stage, the offload and the number of ranks.

Read from deepspeed 0.19.8 utils/groups.py (_create_zero_param_parallel_group) and
runtime/zenflow/zenflow_stage_1_and_2.py (_configure_zenflow).
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.checks.offload import block_of
from dsdoctor.checks.patches import put, without
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.zero_keys import zero
from dsdoctor.job.gap import MISSING
from dsdoctor.job.resolve import offload_device, stage, value
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Severity

HPZ = zero("zero_hpz_partition_size")


def secondary_partition(spec: JobSpec) -> Iterator[Problem]:
    """``zero_hpz_partition_size`` must divide the ranks, and should be the GPUs of a node."""
    size, setting, ranks = value(spec, HPZ), spec.setting(HPZ), spec.ranks
    if stage(spec) != 3 or not setting or not isinstance(size, int) or size <= 1:
        return
    if ranks is not None and ranks % min(size, ranks):
        yield _misfit(spec, size, f"does not divide {ranks} ranks", Severity.FATAL)
    elif ranks is not None and size > ranks:
        yield _misfit(spec, size, f"is more than the {ranks} ranks there are", Severity.WARNING)
    elif any(len(host.slots) % size for host in (spec.hosts.hosts if spec.hosts else ())):
        yield _misfit(spec, size, "makes groups that reach across hosts", Severity.WARNING)


def _misfit(spec: JobSpec, size: int, fault: str, severity: Severity) -> Problem:
    setting = spec.setting(HPZ)
    ranks = spec.world_size if spec.ranks else None
    return Problem(
        "DSC117",
        {"size": str(size), "fault": fault},
        tuple(item for item in (setting, ranks) if item),
        severity,
        fixes=tuple(_sizes(spec)),
    )


def _sizes(spec: JobSpec) -> Iterator[Fix]:
    """The GPUs of a node, where that is known and fits."""
    slots = {len(host.slots) for host in spec.hosts.hosts} if spec.hosts else set()
    best = slots.pop() if len(slots) == 1 else 0
    if best > 1 and spec.ranks and spec.ranks % best == 0:
        yield Fix(f"Use the {best} GPUs of a host", put(HPZ, best))
    setting = spec.setting(HPZ)
    if setting:
        yield Fix("Do without a secondary partition", without([setting]))


def zenflow_without_offload(spec: JobSpec) -> Iterator[Problem]:
    """ZenFlow hides the CPU's work; stages 1 and 2 refuse it where there is none."""
    setting = spec.setting(zero("zenflow"))
    if setting is None or setting.value is None or stage(spec) not in (1, 2):
        return
    if offload_device(spec, "optimizer") in ("none", None, MISSING):
        yield Problem(
            "DSC118",
            {},
            (setting,),
            fixes=(
                Fix("Offload the optimizer to CPU", put(block_of("optimizer"), {"device": "cpu"})),
                Fix("Do without ZenFlow", without([setting])),
            ),
        )


CHECKS: tuple[Check, ...] = (secondary_partition, zenflow_without_offload)
