"""Findings from a snapshot of the GPUs. They are context: a snapshot proves no cause.

What nvidia-smi says of a GPU that is gone or needs a reset is found by the rules as well, since
``dsdoctor.diagnosis.witnesses`` reads the file's lines for causes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from dsdoctor.diagnosis.findings import finding_from_rule
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.gpu_state import FactKind, Gpu, GpuFact, GpuProcess
from dsdoctor.logs.nvidia_smi import read_nvidia_smi
from dsdoctor.logs.witness import host_of
from dsdoctor.model import Confidence, Evidence, Finding, Role

OF_KIND: dict[FactKind, str] = {
    "ecc": "DSH048",
    "repair": "DSH049",
    "slow": "DSH050",
    "unreadable": "DSH051",
    "mig": "DSH055",
    "mode": "DSH056",
    "link": "DSH057",
    "fabric": "DSH058",
}
SHARED, HIDDEN, FOREIGN = "DSH052", "DSH053", "DSH054"
MUCH_MIB = 1_024
"""Memory worth a word. A CUDA context alone takes some 500 MiB."""
CONTEXT_MIB = 256
MAX_NAMED = 8

_Told = tuple[str, Evidence]


def nvidia_smi_findings(
    path: Path, pack: Pack, job_pids: Collection[int] = ()
) -> tuple[list[Finding], list[str]]:
    """What a file of nvidia-smi's output says about the GPUs.

    Args:
        path: the file.
        pack: the rules, which hold the words.
        job_pids: processes of the job as far as the logs name them.

    Returns:
        One finding a problem, all GPUs folded, and notes on the file.
    """
    report = read_nvidia_smi(path)
    found = findings_of(report.gpus, str(path), pack, job_pids)
    host = host_of(path)
    return [replace(item, hosts=(host,)) if host else item for item in found], list(report.notes)


def findings_of(
    gpus: Sequence[Gpu], source: str, pack: Pack, job_pids: Collection[int] = ()
) -> list[Finding]:
    """The findings on GPUs that were read from ``source``."""
    told: list[tuple[str, list[_Told]]] = [
        (code, _facts(gpus, kind, source)) for kind, code in OF_KIND.items()
    ]
    told += [
        (SHARED, _each(gpus, source, _shared)),
        (HIDDEN, _each(gpus, source, _hidden)),
        (FOREIGN, _each(gpus, source, lambda gpu: _foreign(gpu, job_pids))),
    ]
    found = (_finding(pack, code, lines) for code, lines in told if lines)
    return [item for item in found if item is not None]


def _facts(gpus: Iterable[Gpu], kind: FactKind, source: str) -> list[_Told]:
    """All facts of a kind, each with its GPU."""
    result = []
    for gpu in gpus:
        facts = [fact for fact in gpu.facts.values() if fact.kind == kind]
        if facts:
            words = ", ".join(fact.detail for fact in facts)
            result.append((f"{gpu.name}: {words}", _evidence(source, gpu, facts[0])))
    return result


def _each(
    gpus: Iterable[Gpu], source: str, said: Callable[[Gpu], tuple[str, GpuProcess | GpuFact] | None]
) -> list[_Told]:
    told = ((gpu, said(gpu)) for gpu in gpus)
    return [(f"{gpu.name}: {it[0]}", _evidence(source, gpu, it[1])) for gpu, it in told if it]


def _shared(gpu: Gpu) -> tuple[str, GpuProcess] | None:
    """Several processes with memory of their own on one GPU."""
    holders = _holders(gpu.processes.values())
    return (_named(holders), holders[0]) if len(holders) > 1 else None


def _hidden(gpu: Gpu) -> tuple[str, GpuFact] | None:
    """Memory in use, and no process to be seen that uses it."""
    if gpu.processes or gpu.used_mib < MUCH_MIB:
        return None
    words = f"{gpu.used_mib} MiB"
    return words, GpuFact("unreadable", words, gpu.used_line, gpu.used_text)


def _foreign(gpu: Gpu, job_pids: Collection[int]) -> tuple[str, GpuProcess] | None:
    """Processes that the job's logs do not name."""
    holders = [item for item in _holders(gpu.processes.values()) if item.pid not in job_pids]
    return (_named(holders), holders[0]) if holders else None


def _holders(processes: Iterable[GpuProcess]) -> list[GpuProcess]:
    """The processes that hold more than a driver's crumbs, the greediest first."""
    holders = [item for item in processes if item.mib >= CONTEXT_MIB]
    return sorted(holders, key=lambda item: -item.mib)


def _named(processes: Sequence[GpuProcess]) -> str:
    names = [f"{item.name} (pid {item.pid}) {item.mib} MiB" for item in processes[:3]]
    more = f" and {len(processes) - 3} more" if len(processes) > 3 else ""
    return ", ".join(names) + more


def _evidence(source: str, gpu: Gpu, fact: GpuFact | GpuProcess) -> Evidence:
    return Evidence(source, fact.line, f"{gpu.name}: {fact.text}")


def _finding(pack: Pack, code: str, told: Sequence[_Told]) -> Finding | None:
    """One finding for all GPUs that have the problem."""
    if code not in pack:
        return None
    more = f"; and {len(told) - MAX_NAMED} more" if len(told) > MAX_NAMED else ""
    detail = "; ".join(words for words, _ in told[:MAX_NAMED]) + more
    finding = finding_from_rule(
        pack[code],
        confidence=Confidence.CERTAIN,
        values={"detail": detail, "count": str(len(told))},
        evidence=[evidence for _, evidence in told[:4]],
    )
    return replace(finding, role=Role.CONTEXT, count=len(told))
