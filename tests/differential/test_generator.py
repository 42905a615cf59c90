"""The generated list: always the same, and wide enough."""

from __future__ import annotations

import json
from collections import Counter

from dsdoctor.job.schema.load import load_schema
from tests.differential.generator.cases import case, cases
from tests.differential.generator.mistakes import MISTAKES
from tests.differential.generator.texts import SLIPS
from tests.differential.generator.trainer import trainer_cases

SCHEMA = load_schema()


def test_a_case_depends_on_its_number_and_the_seed_alone() -> None:
    assert case(7, 1, SCHEMA) == list(cases(8, 1, SCHEMA))[7]
    assert case(7, 1, SCHEMA) != case(7, 2, SCHEMA)


def test_every_mistake_and_every_slip_occurs() -> None:
    done = Counter(change.split()[0] for item in cases(1500, 1, SCHEMA) for change in item.changes)
    assert {slip.__name__ for slip in SLIPS} <= set(done)
    assert len(done) > len(MISTAKES)


def test_some_are_unchanged_and_none_has_more_than_three_mistakes_and_a_slip() -> None:
    counts = Counter(len(item.changes) for item in cases(1500, 1, SCHEMA))
    assert counts[0] > 50
    assert max(counts) <= 4


def test_hardly_two_are_alike() -> None:
    texts = {item.text for item in cases(1500, 1, SCHEMA)}
    assert len(texts) > 1200


def test_trainer_configurations_are_json_with_auto() -> None:
    listed = list(trainer_cases(100, 1, SCHEMA))
    assert all(isinstance(json.loads(item.text), dict) for item in listed)
    assert sum('"auto"' in item.text for item in listed) > 90
