"""Fingerprints: the same problem has the same one, whoever has it and wherever."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsdoctor.model import Evidence, Finding
from dsdoctor.report.fingerprints import with_fingerprints
from dsdoctor.report.folding import Folded
from tests.unit.report.reports import finding


def mark(item: Finding, command: str = "explain") -> str:
    (pair,) = with_fingerprints([Folded(item)], command)
    return pair[1]


def in_log(file: str, **given: object) -> Finding:
    return finding(evidence=(Evidence(file, 26, "x"),), **given)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/home/ann/runs/job.log", "/home/bob/runs/job.log"),
        ("/scratch/ann/1/slurm-4411.out", "/scratch/bob/2/slurm-9.out"),
        ("logs/rank0.log", "logs/rank7.log"),
        ("logs/2026-01-02.log", "logs/2026-11-20.log"),
    ],
)
def test_users_and_numbers_of_jobs_do_not_count(one: str, other: str) -> None:
    assert mark(in_log(one)) == mark(in_log(other))


def test_hosts_do_not_count() -> None:
    one = in_log("logs/gpu-a17.log", hosts=("gpu-a17",))
    assert mark(one) == mark(in_log("logs/athena.log", hosts=("athena",)))
    assert mark(one) == mark(in_log("logs/node-1.log", hosts=("node-1",)))
    held = [finding(evidence=(), hosts=(host,)) for host in ("gpu-a17", "athena", "node-1")]
    assert len({mark(item, "preflight") for item in held}) == 1


def test_files_keys_and_commands_count() -> None:
    other_key = finding(evidence=(Evidence("ds.json", 3, "", "a.b"),))
    marks = [
        mark(finding()),
        mark(in_log("other.log")),
        mark(in_log("ds2.json"), "lint"),
        mark(in_log("ds3.json"), "lint"),
        mark(other_key, "lint"),
        mark(finding("DSC002")),
        mark(finding(evidence=()), "preflight"),
        mark(finding(evidence=()), "smoke"),
    ]
    assert len(set(marks)) == len(marks)


def test_a_checkout_elsewhere_has_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    marks = set()
    for user in ("ann", "bob"):
        folder = tmp_path / user / "proj"
        folder.mkdir(parents=True)
        (folder / "train.py").touch()
        monkeypatch.chdir(folder)
        marks.add(mark(finding(user_frame=f"{folder}/train.py:8 in main → f()")))
    assert len(marks) == 1
