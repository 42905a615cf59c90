"""The measure itself: what counts as right, and what is left out."""

from __future__ import annotations

from tests.differential.comparison import Comparison, Result, generic
from tests.differential.generator.cases import Case
from tests.differential.opinion import Opinion, Said
from tests.differential.oracle import LOST, Answer
from tests.differential.reviewed import Differs, Machine, Reviewed

REVIEWED = Reviewed(
    (Machine("No module named", "not installed here"),),
    (Differs("DSC107", "trains without NVMe", key="offload_optimizer"),),
)
RAISES = Answer("config", "ValueError", "stage 9 of 3")
TRAINS = Answer()
UNKNOWN_KEY = Said("DSC070", "stagee", "does not know stagee")


def result(answer: Answer, *said: Said, sampled: bool = True, trained: bool = True) -> Result:
    case = Case(0, "{}", 1, ("a change",))
    return Result(case, Opinion(said), answer, sampled=sampled, trained=trained)


def compared(*results: Result) -> Comparison:
    return Comparison(results, REVIEWED)


def test_recall_counts_what_raises() -> None:
    both = compared(result(RAISES, UNKNOWN_KEY), result(RAISES), result(TRAINS))
    assert (both.recall().right, both.recall().all) == (1, 2)
    assert [item.name for item in both.missed()] == ["config: ValueError: stage N of N"]


def test_recall_leaves_out_what_was_trained_only_because_lint_objected() -> None:
    fails_late = Answer("step", "TypeError", "")
    biased = compared(result(fails_late, UNKNOWN_KEY, sampled=False))
    assert biased.recall().all == 0
    assert biased.precision().right == 1


def test_an_error_is_baseless_where_the_key_matters() -> None:
    wrong = compared(result(TRAINS, UNKNOWN_KEY))
    assert wrong.precision().value == 0
    assert wrong.baseless()[0].name.startswith("DSC070: stagee")


def test_an_ignored_key_bears_an_error_out() -> None:
    item = result(TRAINS, UNKNOWN_KEY)
    item.ignored = frozenset({"stagee"})
    assert compared(item).precision().value == 1


def test_every_error_must_be_borne_out() -> None:
    item = result(TRAINS, UNKNOWN_KEY, Said("DSC080", "gradient_clipping", ""))
    item.ignored = frozenset({"stagee"})
    assert compared(item).precision().value == 0


def test_a_reviewed_finding_is_borne_out_for_its_key_alone() -> None:
    right = Said("DSC107", "zero_optimization.offload_optimizer.device", "")
    other = Said("DSC107", "zero_optimization.offload_param.device", "")
    assert compared(result(TRAINS, right)).precision().value == 1
    assert compared(result(TRAINS, other)).precision().value == 0


def test_the_judges_machine_and_lost_cases_count_neither_way() -> None:
    missing = Answer("initialize", "ModuleNotFoundError", "No module named 'wandb'")
    undecided = compared(result(missing), result(LOST, UNKNOWN_KEY))
    assert undecided.recall().all == undecided.precision().all == 0
    assert len(undecided.lost) == 1


def test_numbers_do_not_split_a_group() -> None:
    assert generic("64 != 1 * 8 * 4\nmore") == "N != N * N * N"
