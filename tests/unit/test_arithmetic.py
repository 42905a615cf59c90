"""Sums in remedies."""

from __future__ import annotations

import pytest

from dsdoctor.knowledge.arithmetic import has_sums, worked_out

NUMBERS = {"train_micro_batch_size_per_gpu": 8, "gradient_accumulation_steps": 3}


def test_works_out_short_and_dotted_names() -> None:
    patch = {
        "a": "{micro/2}",
        "b": {"c": "{gas*2}", "d": "{gradient_accumulation_steps * 4}"},
        "e": 1,
    }
    assert worked_out(patch, NUMBERS.get) == {"a": 4, "b": {"c": 6, "d": 12}, "e": 1}


@pytest.mark.parametrize("text", ["{micro/3}", "{micro/0}", "{gas/4}"])
def test_a_division_must_come_out(text: str) -> None:
    with pytest.raises(ArithmeticError):
        worked_out({"a": text}, NUMBERS.get)


def test_an_unknown_number_is_an_error() -> None:
    with pytest.raises(LookupError):
        worked_out({"a": "{train/2}"}, NUMBERS.get)


@pytest.mark.parametrize(
    ("text", "is_sum"), [("{micro/2}", True), ("micro/2", False), ("{a b}", False)]
)
def test_knows_a_sum(text: str, is_sum: bool) -> None:
    assert has_sums({"x": {"y": text}}) is is_sum
