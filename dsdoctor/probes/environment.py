"""Environment variables that are misspelt, harmful or out of date."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dsdoctor.knowledge.nccl_variables import LOCAL, REMOTE
from dsdoctor.model import Evidence, Severity
from dsdoctor.probes.allocator_options import VARIABLES, problem_of
from dsdoctor.probes.launch import host_count, proof
from dsdoctor.probes.probe import Complaint, Probe, Reading
from dsdoctor.probes.site import Site
from dsdoctor.probes.variable_names import meant_by
from dsdoctor.probes.variables import Variable, variables_of

MISSPELT, HARMFUL, DEBUG, OLD, ALLOCATOR = "DSN088", "DSN073", "DSN089", "DSN090", "DSN091"
_OTHER_PROBE = "NCCL_IB_DISABLE"
"""The probe "infiniband" knows whether there is anything to disable."""
_COSTLY = {
    ("CUDA_LAUNCH_BLOCKING", "1"): "every kernel is waited for",
    ("TORCH_DISTRIBUTED_DEBUG", "DETAIL"): "every collective is checked on all ranks first",
    ("PYTORCH_NO_CUDA_MEMORY_CACHING", "1"): "every tensor asks the driver for its memory",
    ("TORCH_NCCL_ASYNC_ERROR_HANDLING", "0"): "a failed collective hangs the job for ever",
    ("NCCL_ASYNC_ERROR_HANDLING", "0"): "a failed collective hangs the job for ever",
    ("TORCH_NCCL_BLOCKING_WAIT", "1"): "the process waits for every collective",
    ("NCCL_BLOCKING_WAIT", "1"): "the process waits for every collective",
}
_NOISY = {
    ("NCCL_DEBUG", "TRACE"): "NCCL may write a line for every call",
    ("NCCL_CHECK_POINTERS", "1"): "every pointer is checked",
    ("TORCH_NCCL_NAN_CHECK", "1"): "every collective looks for NaN first",
    ("TORCH_NCCL_ENABLE_MONITORING", "0"): "nothing ends a process that hangs in NCCL",
}
_RENAMED = {
    "NCCL_ASYNC_ERROR_HANDLING": "TORCH_NCCL_ASYNC_ERROR_HANDLING",
    "NCCL_BLOCKING_WAIT": "TORCH_NCCL_BLOCKING_WAIT",
    "NCCL_DESYNC_DEBUG": "TORCH_NCCL_DESYNC_DEBUG",
    "NCCL_ENABLE_TIMING": "TORCH_NCCL_ENABLE_TIMING",
    "TORCH_NCCL_TRACE_BUFFER_SIZE": "TORCH_FR_BUFFER_SIZE",
}
_FAMILIES = ("NCCL_", "TORCH_NCCL_", "GLOO_", "TORCH_DISTRIBUTED_", "DS_", "CUDA_", "PYTORCH_")
_SECRET = ("TOKEN", "KEY", "SECRET", "PASSWORD")


def look(site: Site) -> Reading:
    """All variables that the job will see."""
    found = variables_of(site)
    several = host_count(site) > 1
    complaints = (
        *_misspelt(found),
        *_allocator(found),
        *_debugging(found, _COSTLY, None),
        *_debugging(found, _NOISY, Severity.INFO),
        *_harmful(found, several),
        *_old(found),
    )
    ours = [item for item in found if item.name.startswith(_FAMILIES)]
    facts = {item.name: item.value[:200] for item in ours if not _secret(item.name)}
    nccl = [item.name for item in ours if "NCCL" in item.name]
    summary = f"{len(nccl)} of NCCL: {', '.join(nccl[:4])}" if nccl else "none of NCCL is set"
    return Reading(summary + (", ..." if len(nccl) > 4 else ""), complaints, facts)


def _misspelt(found: Sequence[Variable]) -> Iterable[Complaint]:
    names = {item.name for item in found}
    for item in found:
        meant = meant_by(item.name)
        if not meant:
            continue
        values = {"name": item.name, "known": meant, "place": item.place}
        # who has set the right one as well lacks nothing
        severity = Severity.INFO if meant in names else None
        yield Complaint(MISSPELT, values, (_proof(item),), severity)


def _allocator(found: Sequence[Variable]) -> Iterable[Complaint]:
    for item in found:
        problem = problem_of(item.value) if item.name in VARIABLES else ""
        if problem:
            values = {"name": item.name, "value": item.value[:80], "problem": problem}
            # another release of torch may know an option that this list does not have
            severity = Severity.ERROR if problem.startswith("there is no option") else None
            yield Complaint(ALLOCATOR, values, (_proof(item),), severity)


def _debugging(
    found: Sequence[Variable], table: dict[tuple[str, str], str], severity: Severity | None
) -> Iterable[Complaint]:
    hits = [item for item in found if (item.name, item.value.upper()) in table]
    if hits:
        told = [f"{i.name}={i.value} ({table[i.name, i.value.upper()]})" for i in hits]
        values = {"detail": ", ".join(told), "name": " ".join(item.name for item in hits)}
        yield Complaint(DEBUG, values, tuple(map(_proof, hits)), severity)


def _harmful(found: Sequence[Variable], several: bool) -> Iterable[Complaint]:
    """The table of the rule that reads NCCL's own log."""
    table = {**LOCAL, **(REMOTE if several else {})}
    hits = [
        item
        for item in found
        if item.name != _OTHER_PROBE and item.value in table.get(item.name, ((), ""))[0]
    ]
    if hits:
        told = [f"{item.name}={item.value} ({table[item.name][1]})" for item in hits]
        yield Complaint(HARMFUL, {"detail": ", ".join(told)}, tuple(map(_proof, hits)))


def _old(found: Sequence[Variable]) -> Iterable[Complaint]:
    for item in found:
        if known := _RENAMED.get(item.name):
            yield Complaint(OLD, {"name": item.name, "known": known}, (_proof(item),))


def _proof(item: Variable) -> Evidence:
    file, _, line = item.place.rpartition(":")
    text = f"{item.name}={'...' if _secret(item.name) else item.value}"
    if line.isdigit():
        return Evidence(file, int(line), text[:200])
    return proof(text, item.place or "environment")


def _secret(name: str) -> bool:
    return any(word in name for word in _SECRET)


PROBES: tuple[Probe, ...] = (Probe("environment", "environment variables", look),)
