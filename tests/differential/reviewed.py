"""What a person looked at and found right, though the machine cannot prove it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from tests.differential.opinion import Said
from tests.differential.oracle import Answer


@dataclass(frozen=True, slots=True)
class Machine:
    """A message that tells of the judge's machine."""

    message: str
    why: str


@dataclass(frozen=True, slots=True)
class Differs:
    """A finding that is right although DeepSpeed trains."""

    code: str
    why: str
    key: str = ""
    message: str = ""

    def covers(self, said: Said) -> bool:
        """Is it about this finding?"""
        return (
            said.code == self.code
            and re.search(self.key, said.key) is not None
            and re.search(self.message, said.message) is not None
        )


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The whole file."""

    machine: tuple[Machine, ...]
    differs: tuple[Differs, ...]

    def blames_machine(self, answer: Answer) -> bool:
        """Did DeepSpeed stop for want of something that other machines have?"""
        patterns = (item.message for item in self.machine)
        return answer.raised and any(re.search(words, answer.message) for words in patterns)

    def justifies(self, said: Said) -> bool:
        """Does the job run otherwise than the key says?"""
        return any(item.covers(said) for item in self.differs)


@cache
def load_reviewed() -> Reviewed:
    """The file beside this one."""
    data = yaml.safe_load((Path(__file__).parent / "reviewed.yaml").read_text())
    machine = tuple(Machine(**item) for item in data["machine"])
    return Reviewed(machine, tuple(Differs(**item) for item in data["differs"]))
