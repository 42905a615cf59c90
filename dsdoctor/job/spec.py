"""One job's settings, from every place where a setting can come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from dsdoctor.job.gap import MISSING
from dsdoctor.job.hosts import Hosts
from dsdoctor.job.launch_line import Launch
from dsdoctor.job.place import Path, Place, Setting, dotted
from dsdoctor.job.schema.load import Schema
from dsdoctor.job.syntax.tree import Document


class Filler(str, Enum):
    """Who replaces the word "auto" before DeepSpeed reads the configuration."""

    NONE = "none"
    TRAINER = "trainer"
    ACCELERATE = "accelerate"


@dataclass(frozen=True, slots=True)
class JobSpec:
    """What was asked for, each value with its place.

    ``config`` is ds_config.json. ``arguments`` are Hugging Face TrainingArguments under their own
    names, wherever they were written; ``arguments_given`` says that they are all there, so that
    what is not among them has its default. ``accelerate`` is Accelerate's file, flattened to
    dotted names. ``model`` holds ``dtype``, ``load_in_4bit``, ``load_in_8bit`` and the like.
    ``world_size`` counts all ranks. ``gpu`` is the compute capability of the oldest GPU.
    """

    config: Document
    schema: Schema
    filler: Filler = Filler.NONE
    arguments: Mapping[str, Setting] = field(default_factory=dict)
    arguments_given: bool = False
    accelerate: Mapping[str, Setting] = field(default_factory=dict)
    model: Mapping[str, Setting] = field(default_factory=dict)
    launch: Launch | None = None
    hosts: Hosts | None = None
    world_size: Setting | None = None
    gpu: tuple[int, int] | None = None

    @property
    def ranks(self) -> int | None:
        """The world size, if anybody knows it."""
        return int(self.world_size.value) if self.world_size else None

    def written(self, path: Path) -> Path | None:
        """The way to the key as the user spelt it: ``stage3_x`` and ``x`` are one key."""
        spellings = [path]
        if key := self.schema.key(path):
            spellings += [(*path[:-1], name) for name in (key.name, *key.aliases)]
        return next((way for way in spellings if self.config.has(way)), None)

    def raw(self, path: Path) -> Any:
        """The value as written, under any of its spellings; ``MISSING`` if there is none."""
        way = self.written(path)
        return self.config.get(way) if way else MISSING

    def setting(self, path: Path) -> Setting | None:
        """The value as written, with its dotted key and the place of the key."""
        way = self.written(path)
        if way is None:
            return None
        return Setting(dotted(way), self.config.get(way), self.place(way))

    def place(self, path: Path) -> Place:
        """Where the key stands, or the nearest block around it, or the file."""
        for length in range(len(path), 0, -1):
            if place := self.config.place(path[:length]):
                return place
        return Place(self.config.name)

    def argument(self, name: str) -> Setting | None:
        """A TrainingArguments value that somebody wrote."""
        return self.arguments.get(name)
