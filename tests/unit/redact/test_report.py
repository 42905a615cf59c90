"""Reports as a whole: what is redacted in them, and what stays as it is."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema

from dsdoctor.model import (
    Coverage,
    Evidence,
    Excerpt,
    Finding,
    Outcome,
    ProbeResult,
    RankRow,
    Remedy,
    Report,
    Smoke,
    SmokeCheck,
    SmokeRank,
    SmokeRun,
    Status,
    TimelineEntry,
    Verdict,
)
from dsdoctor.redact.redactor import Redactor
from dsdoctor.report import json_v1
from tests.conftest import ROOT
from tests.unit.report.hostile import report_of
from tests.unit.report.reports import dead_job, finding

TOKEN = "hf" + "_" + "Zy8xW7vU6tS5rQ4pO3nM2lK1jI0hG9fE8d"
ROW = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
SCHEMA = json.loads((ROOT / "dsdoctor" / "report" / "report-1.schema.json").read_text())


def redacted(report: Report) -> Report:
    return Redactor().report(report)


def test_the_root_stays_the_same_object_as_its_finding() -> None:
    """Renderers tell it only once because it is the same, not because it is alike."""
    root = finding(message=f"token {TOKEN}")
    done = redacted(Report(Verdict(Status.DIAGNOSED, "x", root), (root,)))
    assert done.verdict.root is done.findings[0]
    assert TOKEN not in done.findings[0].message


def test_the_schema_is_kept_whatever_stands_in_the_fields() -> None:
    """A host called like one of dsdoctor's own words does not change these words."""
    names = ("config", "choice", "safe", "DSC001", "explain", "certain")
    report = report_of("on node config-9 by /home/certain9/x")
    hostile = replace(report, ranks=tuple(RankRow(0, host=host) for host in names))
    jsonschema.validate(json_v1.as_dict(redacted(hostile)), SCHEMA)


def test_words_of_dsdoctor_stay() -> None:
    runs = (
        SmokeRun(
            "before",
            "failed",
            code="DSC001",
            ranks=(SmokeRank(0, host="passed", phase="failed"),),
            checks=(SmokeCheck("loss", ok=True, detail="failed on passed"),),
        ),
    )
    report = Report(
        Verdict(Status.PROBLEMS, "x"),
        ranks=(RankRow(0, host="failed"), RankRow(1, host="command"), RankRow(2, host="loss")),
        smoke=Smoke("failed", runs),
        command="smoke",
    )
    done = redacted(report)
    assert done.smoke
    run = done.smoke.runs[0]
    assert (run.outcome, run.code, run.ranks[0].phase) == ("failed", "DSC001", "failed")
    assert (done.smoke.outcome, done.command, run.checks[0].name) == ("failed", "smoke", "loss")
    assert not {"failed", "passed"} & set(run.checks[0].detail.split())


def test_numbers_lines_ranks_and_versions_stay() -> None:
    root = finding(
        evidence=(Evidence("job.log", 8841, "rank 13 of 16 at 12:01:02, 2.94 GiB, step 412"),),
        ranks=(13, 14),
        message="32 is not 4 x 1 x 2; torch 2.6.0+cu124, driver 580.159.04",
    )
    facts = {"driver": "535.161.08", "runtime": "12.4.5.8", "cudnn": "9.1.0.70", "bytes": 17}
    report = Report(
        Verdict(Status.DIAGNOSED, root.message, root),
        (root,),
        timeline=(TimelineEntry("job.log", 8841, "step 412", rank=13),),
        coverage=Coverage(files=1, lines=9000, notes=("2 of 16 ranks seen",)),
        versions={"torch": "2.6.0+cu124", "nccl": "2.21.5", "cudnn": "9.1.0.70"},
        probes=(ProbeResult("gpu-driver", Outcome.OK, facts=facts),),
    )
    assert redacted(report) == report


def test_config_keys_and_patches_of_a_remedy_stay() -> None:
    patch = {
        "zero_optimization": {"stage": 3, "offload_param": {"device": "cpu"}},
        "optimizer": {"type": "AdamW", "params": {"lr": 1e-4}},
        "train_micro_batch_size_per_gpu": 4,
    }
    root = finding(remedies=(Remedy("Smaller", "config", config=patch, fix="unsafe"),))
    assert redacted(Report(Verdict(Status.DIAGNOSED, "x", root), (root,))).findings == (root,)


def test_a_user_called_adam_leaves_the_optimizer_alone() -> None:
    done = redacted(dead_job(finding(message="Adam in /home/adam/train.py: cpu_adam failed")))
    assert done.findings[1].message == "Adam in /home/user-1/train.py: cpu_adam failed"


def test_a_piece_of_a_key_is_hidden_if_the_whole_was_seen() -> None:
    """Messages are cut; the rest of the key is too short to be known by its shape."""
    whole = finding(message=f"said {TOKEN}", evidence=(), remedies=())
    for length in (9, 12, 20, 30):
        cut = replace(whole, message=f"it said {TOKEN[:length]}…", why=f"({TOKEN[:length]})")
        done = redacted(Report(Verdict(Status.DIAGNOSED, "x", cut), (cut, whole)))
        told = f"{done.findings[0].message} {done.findings[0].why}"
        assert TOKEN[:9] not in told
        assert told.startswith("it said <redacted:")


def test_words_that_a_password_begins_with_are_no_pieces() -> None:
    whole = finding(message="DB_PASSWORD=training2024xyz", why="training goes on, trainings too")
    assert redacted(dead_job(whole)).findings[1].why == whole.why


def test_a_private_key_over_the_lines_of_an_excerpt() -> None:
    lines = ("step 1", "-----BEGIN PRIVATE " + "KEY-----", ROW, ROW[::-1], "step 2", "step 3")
    report = Report(Verdict(Status.HEALTHY, "x"), excerpts=(Excerpt("a.log", 7, lines),))
    (excerpt,) = redacted(report).excerpts
    assert len(excerpt.lines) == len(lines)
    assert ROW not in "".join(excerpt.lines)
    assert ROW[::-1] not in "".join(excerpt.lines)
    assert excerpt.lines[::5] == ("step 1", "step 3")


def test_a_row_of_a_private_key_is_known_without_its_header() -> None:
    redactor = Redactor()
    redactor.learn(b"-----BEGIN PRIVATE " + b"KEY-----\n" + ROW.encode() + b"\nkLq=\n")
    report = Report(Verdict(Status.HEALTHY, "x"), excerpts=(Excerpt("a.log", 7, ("x", ROW)),))
    assert redactor.report(report).excerpts[0].lines == ("x", "<redacted:private-key>")


def test_placeholders_are_the_same_all_over_the_report() -> None:
    one: Finding = finding(hosts=("gpu-a17", "athena"), message="gpu-a17 waits for athena")
    rows = (RankRow(0, host="athena", file="/home/jdoe/athena.log"), RankRow(1, host="gpu-a17"))
    done = redacted(Report(Verdict(Status.DIAGNOSED, "athena died", one), (one,), ranks=rows))
    known = dict(zip(("gpu-a17", "athena"), done.findings[0].hosts, strict=True))
    assert sorted(known.values()) == ["node-1", "node-2"]
    assert done.findings[0].message == f"{known['gpu-a17']} waits for {known['athena']}"
    assert done.ranks[0].file == f"/home/user-1/{known['athena']}.log"
    assert done.verdict.summary == f"{known['athena']} died"
