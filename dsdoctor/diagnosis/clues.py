"""What the search for the guilty rank looks at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dsdoctor.diagnosis.absence import complained
from dsdoctor.diagnosis.grouping import Group
from dsdoctor.diagnosis.incidents import Incident
from dsdoctor.diagnosis.judge import Judgement
from dsdoctor.diagnosis.launcher_end import FoundDead, found_dead
from dsdoctor.diagnosis.ranks import RankMap
from dsdoctor.logs.record import LogRecord

TORCHRUN = "DSL090"
"""The rule for torchrun's lines that name the process that failed first."""


@dataclass(frozen=True, slots=True)
class Clues:
    """The groups of incidents, what each is to the root, and who is who."""

    judgement: Judgement
    groups: tuple[Group, ...]
    ranks: RankMap
    records: tuple[LogRecord, ...]

    @property
    def incidents(self) -> Iterator[Incident]:
        """All incidents of all groups."""
        return (item for group in self.groups for item in group.incidents)

    @property
    def others_tracebacks(self) -> list[Incident]:
        """Incidents with a traceback, without those of the root."""
        root = self.judgement.root
        mine = root.incidents if root else ()
        return [item for item in self.incidents if item.link is not None and item not in mine]

    @property
    def spoke(self) -> set[int]:
        """The ranks that said themselves that something went wrong."""
        return complained(self.groups, self.judgement)

    @property
    def under_torchrun(self) -> bool:
        """Did torchrun say anything?"""
        return any(group.rule.code == TORCHRUN for group in self.groups)

    @property
    def dead(self) -> FoundDead | None:
        """The process that the deepspeed launcher found dead."""
        return found_dead(self.records, self.ranks)
