"""The list of generated configurations: the same for the same seed, whatever their number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from dsdoctor.job.schema.load import Schema
from tests.differential.generator.bases import base
from tests.differential.generator.mistakes import mistaken
from tests.differential.generator.texts import written

WORLDS = (1, 1, 1, 2, 3, 4, 8)
CHANGES = (0, 1, 1, 1, 1, 2, 2, 3)
"""How many mistakes a configuration has."""


@dataclass(frozen=True, slots=True)
class Case:
    """One configuration on one number of ranks, and what was done to it."""

    number: int
    text: str
    world: int
    changes: tuple[str, ...]


def cases(count: int, seed: int, schema: Schema) -> Iterator[Case]:
    """So many configurations."""
    for number in range(count):
        yield case(number, seed, schema)


def case(number: int, seed: int, schema: Schema) -> Case:
    """One configuration of the list."""
    random = Random(f"{seed}:{number}")  # noqa: S311 - repeatable is what is wanted
    world = random.choice(WORLDS)
    config = base(random, world)
    done = [mistaken(random, config, schema) for _ in range(random.choice(CHANGES))]
    text, slip = written(random, config)
    return Case(number, text, world, tuple(change for change in (*done, slip) if change))
