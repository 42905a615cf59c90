"""What lint says of a generated configuration."""

from __future__ import annotations

import json
import tempfile
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dsdoctor.checks.lint import findings_in
from dsdoctor.errors import UsageError
from dsdoctor.job.assemble import Sources, assemble
from dsdoctor.job.syntax.parser import parse
from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Finding, Severity


@dataclass(frozen=True, slots=True)
class Said:
    """One finding that says that the job would not do what was asked."""

    code: str
    key: str
    message: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """All findings of severity error or fatal. A file that cannot be read is one of them.

    ``crash`` is how lint itself failed, which it never may.
    """

    errors: tuple[Said, ...] = ()
    crash: str = ""

    @property
    def wrong(self) -> bool:
        """Lint thinks that DeepSpeed will not do as told."""
        return bool(self.errors)


class Doctor:
    """Lint, for one version of DeepSpeed."""

    def __init__(self, pack: Pack, version: str) -> None:
        self.pack = pack
        self.version = version

    def opinion(self, text: str, world: int, arguments: Mapping[str, Any] | None = None) -> Opinion:
        """What it says of a configuration on so many ranks, alone or under the Trainer."""
        if arguments is None:
            return self._of(text, Sources(world_size=world, deepspeed=self.version))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "arguments.json"
            path.write_text(json.dumps(arguments))
            return self._of(text, Sources(world, training_args=path, deepspeed=self.version))

    def _of(self, text: str, sources: Sources) -> Opinion:
        try:
            spec = assemble(parse(text, "ds_config.json"), sources)
            found = findings_in(spec, self.pack)
        except UsageError as error:
            return Opinion((Said("unreadable", "", str(error)),))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is reported
            place = traceback.extract_tb(error.__traceback__)[-1]
            return Opinion(crash=f"{error!r} at {Path(place.filename).name}:{place.lineno}")
        return Opinion(tuple(_said(item) for item in found if _grave(item)))


def _grave(finding: Finding) -> bool:
    return finding.severity.level >= Severity.ERROR.level


def _said(finding: Finding) -> Said:
    keys = [item.key for item in finding.evidence if item.key]
    return Said(finding.code, keys[0] if keys else "", finding.message)
