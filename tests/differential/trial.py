"""The whole trial: generate, ask lint, ask DeepSpeed, compare."""

from __future__ import annotations

from dsdoctor.job.schema.load import load_schema
from tests.differential.comparison import Comparison, Result
from tests.differential.generator.cases import cases
from tests.differential.generator.trainer import TrainerCase, trainer_cases
from tests.differential.opinion import Doctor
from tests.differential.oracle import Bench, Question
from tests.differential.reviewed import load_reviewed


def plain_trial(bench: Bench, doctor: Doctor, *, count: int, seed: int, every: int) -> Comparison:
    """Configurations for plain ``deepspeed.initialize``; every so-manieth is trained."""
    listed = list(cases(count, seed, load_schema(doctor.version)))
    answers = bench.ask(_question(case.text, case.world) for case in listed)
    results = [
        Result(case, doctor.opinion(case.text, case.world), answer, case.number % every == 0)
        for case, answer in zip(listed, answers, strict=True)
    ]
    _train(bench, results)
    _find_ignored(bench, results)
    return Comparison(results, load_reviewed())


def _question(text: str, world: int, *, train: bool = False) -> Question:
    return {"op": "judge", "text": text, "world": world, "train": train}


def _train(bench: Bench, results: list[Result]) -> None:
    """Train the sample, and whatever lint has something against."""
    wanted = [
        item for item in results if not item.answer.stage and (item.sampled or item.opinion.wrong)
    ]
    questions = [_question(item.case.text, item.case.world, train=True) for item in wanted]
    for item, answer in zip(wanted, bench.ask(questions), strict=True):
        item.answer, item.trained = answer, True


def _find_ignored(bench: Bench, results: list[Result]) -> None:
    """Of the keys that lint names though DeepSpeed trains: which make no difference?"""
    asked = [
        (item, said.key)
        for item in results
        if not item.answer.stage
        for said in item.opinion.errors
        if said.key
    ]
    questions: list[Question] = [
        {
            "op": "ignored",
            "text": item.case.text,
            "world": item.case.world,
            "key": key,
            "filled": isinstance(item.case, TrainerCase),
        }
        for item, key in asked
    ]
    for (item, key), answer in zip(asked, bench.ask(questions), strict=True):
        if answer.ignored:
            item.ignored |= {key}


def trainer_trial(bench: Bench, doctor: Doctor, *, count: int, seed: int) -> Comparison:
    """Configurations for the Hugging Face Trainer, all of them trained."""
    listed = list(trainer_cases(count, seed, load_schema(doctor.version)))
    answers = bench.ask(
        {"op": "trainer", "text": case.text, "world": case.world, "arguments": case.arguments}
        for case in listed
    )
    results = [
        Result(
            case,
            doctor.opinion(case.text, case.world, case.arguments),
            answer,
            sampled=True,
            trained=True,
        )
        for case, answer in zip(listed, answers, strict=True)
    ]
    _find_ignored(bench, results)
    return Comparison(results, load_reviewed())
