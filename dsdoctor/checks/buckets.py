"""What buckets and thresholds of ZeRO cost in GPU memory, or in speed.

Read from deepspeed 0.19.8 runtime/zero/stage_1_and_2.py (setup_buckets), zero/stage3.py
(_setup_for_real_optimizer, _create_fp16_sub_groups), runtime/utils.py (all_gather_dp_groups).
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.checks.modes import BYTES, is_bf16_optimizer, model_type
from dsdoctor.checks.patches import put, without
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.zero_keys import zero
from dsdoctor.job.gap import UNKNOWN
from dsdoctor.job.resolve import offload_device, stage, value
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Severity

GIGABYTE = 10**9
NOTABLE = 2 * GIGABYTE
WASTEFUL = 4 * GIGABYTE
USUAL_BUCKET = 50_000_000
LARGEST_PERSISTENT = 10_000_000
"""A parameter of this size is a weight matrix: keeping those whole is what stage 3 avoids."""

SMALLEST_GROUP = 1_000_000


def reduce_buckets(spec: JobSpec) -> Iterator[Problem]:
    """The buffers that gradients are collected in; two of them with ``overlap_comm``."""
    size, count = value(spec, zero("reduce_bucket_size")), _buffers(spec)
    if not isinstance(size, int) or count is None:
        return
    taken = size * BYTES[model_type(spec) or "bf16"] * count
    if taken < NOTABLE:
        return
    found = (spec.setting(zero("reduce_bucket_size")), spec.setting(zero("overlap_comm")))
    settings = tuple(item for item in found if item)
    yield Problem(
        "DSM039",
        {
            "size": str(size),
            "gigabytes": f"{taken / GIGABYTE:.1f}",
            **({"overlap": "overlap_comm"} if count == 2 else {}),
        },
        settings or tuple(item for item in (spec.setting(zero("stage")),) if item),
        Severity.WARNING if taken >= WASTEFUL else Severity.INFO,
        fixes=(
            Fix(
                f"Collect {USUAL_BUCKET} elements at a time",
                put(zero("reduce_bucket_size"), USUAL_BUCKET),
            ),
        ),
    )


def _buffers(spec: JobSpec) -> int | None:
    """How many buckets lie in GPU memory; None where there is none, or nobody can tell."""
    at, contiguous = stage(spec), value(spec, zero("contiguous_gradients"))
    offloaded = offload_device(spec, "optimizer") in ("cpu", "nvme")
    if at == 3:
        return 1 if contiguous is True else None
    if at not in (1, 2) or is_bf16_optimizer(spec) or not (contiguous is True or offloaded):
        return None
    return 2 if value(spec, zero("overlap_comm")) is True else 1


def odd_allgather_bucket(spec: JobSpec) -> Iterator[Problem]:
    """Stages 1 and 2 assert an even number of elements."""
    path = zero("allgather_bucket_size")
    size, setting = value(spec, path), spec.setting(path)
    if is_bf16_optimizer(spec) or stage(spec) not in (1, 2):
        return
    if setting and isinstance(size, int) and size % 2:
        even = size + 1
        fix = Fix(f"Use {even}", put(path, even))
        yield Problem("DSC115", {"size": str(size)}, (setting,), fixes=(fix,))


def everything_persists(spec: JobSpec) -> Iterator[Problem]:
    """A threshold below which stage 3 partitions nothing that matters."""
    path = zero("stage3_param_persistence_threshold")
    size, setting = value(spec, path), spec.setting(path)
    if stage(spec) == 3 and setting and isinstance(size, int) and size >= LARGEST_PERSISTENT:
        fix = Fix("Take DeepSpeed's default of 100000", without([setting]))
        yield Problem("DSM040", {"size": str(size)}, (setting,), fixes=(fix,))


def small_sub_groups(spec: JobSpec) -> Iterator[Problem]:
    """An optimizer step for every few parameters."""
    path = zero("sub_group_size")
    size, setting = value(spec, path), spec.setting(path)
    if stage(spec) == 3 and setting and isinstance(size, int) and size < SMALLEST_GROUP:
        fix = Fix("Take DeepSpeed's default of 1000000000", without([setting]))
        yield Problem("DSM041", {"size": str(size)}, (setting,), fixes=(fix,))


def no_prefetch(spec: JobSpec) -> Iterator[Problem]:
    """Parameters are fetched when they are needed, and training waits."""
    for name in ("stage3_prefetch_bucket_size", "stage3_max_live_parameters"):
        setting = spec.setting(zero(name))
        if stage(spec) == 3 and setting and value(spec, zero(name)) == 0:
            fix = Fix("Take DeepSpeed's default", without([setting]))
            yield Problem(
                "DSM042", {"key": setting.name.rsplit(".", 1)[-1]}, (setting,), fixes=(fix,)
            )


def gradients_not_contiguous(spec: JobSpec) -> Iterator[Problem]:
    """``contiguous_gradients`` off: fragments, and no overlap; with offload it is not read."""
    path = zero("contiguous_gradients")
    setting, at = spec.setting(path), stage(spec)
    if setting is None or value(spec, path) is not False or at not in (1, 2, 3):
        return
    offloaded = offload_device(spec, "optimizer")
    if offloaded is UNKNOWN:
        return
    ignored = at in (1, 2) and offloaded in ("cpu", "nvme")
    effect = (
        "optimizer offload at this stage turns it on again"
        if ignored
        else "gradients lie scattered in GPU memory and fragment it"
    )
    remove = Fix("Remove contiguous_gradients", without([setting]), safe=ignored)
    yield Problem(
        "DSM043",
        {"effect": effect},
        (setting,),
        Severity.WARNING if ignored else Severity.INFO,
        fixes=(remove,),
    )


def linear_keeps_weights(spec: JobSpec) -> Iterator[Problem]:
    """``memory_efficient_linear`` off under stage 3."""
    path = zero("memory_efficient_linear")
    setting = spec.setting(path)
    if setting and stage(spec) == 3 and value(spec, path) is False:
        fix = Fix("Take DeepSpeed's default, true", without([setting]))
        yield Problem("DSM044", {}, (setting,), fixes=(fix,))


def partitions_key_unread(spec: JobSpec) -> Iterator[Problem]:
    """``allgather_partitions: false`` asks for broadcasts that no longer exist."""
    path = zero("allgather_partitions")
    setting = spec.setting(path)
    if setting and value(spec, path) is False and stage(spec) in (1, 2, 3):
        remove = Fix("Remove allgather_partitions", without([setting]), safe=True)
        yield Problem("DSC116", {}, (setting,), fixes=(remove,))


CHECKS: tuple[Check, ...] = (
    reduce_buckets,
    odd_allgather_bucket,
    everything_persists,
    small_sub_groups,
    no_prefetch,
    gradients_not_contiguous,
    linear_keeps_weights,
    partitions_key_unread,
)
