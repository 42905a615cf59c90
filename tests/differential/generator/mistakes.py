"""All mistakes, each with how often people make it, roughly."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from dsdoctor.job.schema.load import Schema
from tests.differential.generator import mutations as m
from tests.differential.generator import topics as t
from tests.differential.generator.bases import Config

Mistake = Callable[[Random, Config, Schema], str]
"""Changes the configuration; returns what it did, or nothing."""

MISTAKES: tuple[tuple[Mistake, int], ...] = (
    (m.misspell, 6), (m.misplace, 4), (m.drop, 3), (m.retype, 5), (m.exceed, 4),
    (m.add_known, 7), (m.add_wrong, 5), (m.add_alien, 3), (m.block_lost, 2),
    (t.other_stage, 4), (t.other_sizes, 5), (t.offload, 4), (t.optimizer, 3),
    (t.optimizer_parameter, 3), (t.scheduler, 2), (t.scheduler_parameter, 3),
    (t.precision, 3), (t.communication, 2),
)  # fmt: skip


def mistaken(random: Random, config: Config, schema: Schema) -> str:
    """Make one of them."""
    mistakes, weights = zip(*MISTAKES, strict=True)
    mistake: Mistake = random.choices(mistakes, weights)[0]
    return mistake(random, config, schema)
