"""Remedies of a failure, fitted to the user's own configuration."""

from __future__ import annotations

import json

from dsdoctor.checks.tailor import tailored
from dsdoctor.job.schema.load import load_schema
from dsdoctor.job.spec import Filler, JobSpec
from dsdoctor.job.syntax.parser import parse
from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import (
    Confidence,
    Finding,
    Remedy,
    Report,
    Role,
    Severity,
    Status,
    Verdict,
)

HALVE = Remedy(
    "Halve the micro batch",
    "config",
    {"train_micro_batch_size_per_gpu": "{micro/2}", "gradient_accumulation_steps": "{gas*2}"},
    risk="slower",
)


def spec(text: str, filler: Filler = Filler.NONE) -> JobSpec:
    return JobSpec(parse(text, "ds_config.json"), load_schema("0.19.8"), filler=filler)


def batch(whole: int, micro: int, accumulation: int) -> str:
    return json.dumps(
        {
            "train_batch_size": whole,
            "train_micro_batch_size_per_gpu": micro,
            "gradient_accumulation_steps": accumulation,
        }
    )


def report(*remedies: Remedy, code: str = "DSM001") -> Report:
    finding = Finding(
        code, "x", "x", Severity.FATAL, Confidence.CERTAIN, Role.CAUSE, "x", remedies=remedies
    )
    return Report(Verdict(Status.DIAGNOSED, "x", finding), (finding,))


def first(answer: Report) -> Remedy:
    assert answer.verdict.root is not None
    return answer.verdict.root.remedies[0]


def test_numbers_of_the_job(pack: Pack) -> None:
    text = batch(64, 8, 4)
    remedy = first(tailored(report(HALVE), spec(text), pack))
    assert remedy.config == {"train_micro_batch_size_per_gpu": 4, "gradient_accumulation_steps": 8}
    assert remedy.fix == "unsafe"
    assert remedy.summary == (
        "Halve the micro batch: train_micro_batch_size_per_gpu 8 -> 4, "
        "gradient_accumulation_steps 4 -> 8; the global batch stays 64"
    )


def test_accumulation_left_out_counts_as_one(pack: Pack) -> None:
    remedy = first(tailored(report(HALVE), spec('{"train_micro_batch_size_per_gpu": 8}'), pack))
    assert remedy.config["gradient_accumulation_steps"] == 2


def test_a_micro_batch_of_one_cannot_be_halved(pack: Pack) -> None:
    other = Remedy("Use a smaller model", "advice")
    job = spec('{"train_micro_batch_size_per_gpu": 1}')
    answer = tailored(report(HALVE, other), job, pack)
    assert first(answer) is other


def test_what_is_so_already_is_left_out(pack: Pack) -> None:
    remedy = Remedy("Use bf16", "config", {"bf16": {"enabled": True}})
    job = spec('{"train_micro_batch_size_per_gpu": 1, "bf16": {"enabled": true}}')
    answer = tailored(report(remedy), job, pack)
    assert answer.findings[0].remedies == ()


def test_unknown_numbers_leave_the_example(pack: Pack) -> None:
    job = spec('{"train_micro_batch_size_per_gpu": "auto"}', Filler.TRAINER)
    assert first(tailored(report(HALVE), job, pack)) == HALVE


def test_what_the_trainer_fills_becomes_its_arguments(pack: Pack) -> None:
    remedy = Remedy("Clip", "config", {"gradient_clipping": 0.5})
    job = spec('{"train_micro_batch_size_per_gpu": 1, "gradient_clipping": "auto"}', Filler.TRAINER)
    fitted = first(tailored(report(remedy), job, pack))
    assert (fitted.kind, fitted.command, fitted.fix) == ("command", "--max_grad_norm 0.5", "")


def test_the_check_of_the_same_failure_brings_its_fixes(pack: Pack) -> None:
    text = batch(30, 4, 2)
    answer = tailored(report(HALVE, code="DSC001"), spec(text), pack)
    root = answer.verdict.root
    assert root is not None
    assert root.remedies[0].config == {"train_batch_size": None}
    assert [place.key for place in root.evidence][:1] == ["train_batch_size"]
    assert answer.findings[0] is root


def test_a_patch_that_leaves_the_numbers_to_others(pack: Pack) -> None:
    """Sizes may be words: nothing is multiplied then."""
    names = ("train_batch_size", "train_micro_batch_size_per_gpu", "gradient_accumulation_steps")
    patch = dict.fromkeys(names, "auto")
    wrong = report(Remedy("Fill", "config", config=patch))
    remedy = first(tailored(wrong, spec(batch(64, 1, 8)), pack))
    assert remedy.summary.startswith("Fill: train_batch_size 64 -> auto")
    assert "stays" not in remedy.summary
