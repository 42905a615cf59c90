"""What NCCL_DEBUG output says about the job: a table, and what is wrong in it.

None of it is a root: NCCL's own start-up lines say who is missing and what is slow, not why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dsdoctor.diagnosis.findings import engine_finding
from dsdoctor.diagnosis.nccl_problems import environment, socket_fallback, versions_mixed
from dsdoctor.diagnosis.nccl_startup import init_incomplete
from dsdoctor.diagnosis.nccl_table import NcclTable, nccl_lines, nccl_table
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.facts import Fact
from dsdoctor.model import Evidence, Finding, Role

__all__ = ["NcclTable", "nccl_findings", "nccl_lines", "nccl_table"]


def nccl_findings(table: NcclTable, pack: Pack) -> list[Finding]:
    """What the table shows to be wrong or slow, as context of the verdict."""
    problems = [
        init_incomplete(table, pack),
        socket_fallback(table),
        versions_mixed(table),
        environment(table),
    ]
    result = []
    for problem in problems:
        if problem is None:
            continue
        finding = engine_finding(
            pack,
            problem.code,
            problem.confidence,
            problem.values,
            _evidence(problem.facts),
            problem.ranks,
        )
        if finding is not None:
            result.append(replace(finding, role=Role.CONTEXT, hosts=problem.hosts))
    return result


def _evidence(facts: Sequence[Fact]) -> list[Evidence]:
    return [Evidence(fact.source, fact.line, fact.text) for fact in facts]
