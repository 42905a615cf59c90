"""Who did it: the guilty rank and host of every captured case, or the word that nobody can tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.evaluate import report_of as report_of_text
from dsdoctor.diagnosis.explain import explain
from dsdoctor.diagnosis.material import read_material
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.discover import discover
from dsdoctor.logs.matcher import Matcher
from dsdoctor.model import Confidence, Finding, Report, Role
from tests.conftest import ROOT, Explain

CASES = ROOT / "fixtures" / "cases"
CORPUS = ROOT.parent / "shared" / "corpus"
METAS: dict[str, dict[str, Any]] = {
    path.parent.name: yaml.safe_load(path.read_text()) for path in sorted(CASES.glob("*/meta.yaml"))
}
OF_CORPUS = {"003": 1, "005": 1, "022": 1, "029": 1, "037": 1, "038": 0}
"""Labelled logs whose cause is one rank's, as their labels say in words."""
KILLS = {"gpu-four-kill": 2, "gpu-kill-sigkill": 1, "gpu-kill-nccl-info": 1, "gpu-sigbus": 1}
"""A rank that a signal ended under NCCL: no rank says a word about it."""


def with_key(key: str) -> list[str]:
    """The cases whose label has a single value for ``key``."""
    return [slug for slug, meta in METAS.items() if isinstance(meta.get(key), int | str)]


def report_of(folder: Path, pack: Pack) -> Report:
    """Explain a folder as a user would."""
    return explain(read_material(discover([str(folder)]).paths, pack), pack)


def root_of(report: Report) -> Finding:
    """The root cause, which must be there."""
    assert report.verdict.root is not None
    return report.verdict.root


def log_of(slug: str) -> list[str]:
    """The lines of a captured log."""
    return (CASES / slug / "job.log").read_text().split("\n")


@pytest.mark.parametrize("slug", with_key("root_rank"))
def test_the_guilty_rank_is_named(slug: str, pack: Pack) -> None:
    assert root_of(report_of(CASES / slug, pack)).ranks == (METAS[slug]["root_rank"],)


@pytest.mark.parametrize("slug", with_key("root_host"))
def test_the_guilty_host_is_named(slug: str, pack: Pack) -> None:
    assert root_of(report_of(CASES / slug, pack)).hosts == (METAS[slug]["root_host"],)


@pytest.mark.parametrize("slug", with_key("missing_rank"))
def test_the_report_says_which_rank_never_came(slug: str, pack: Pack) -> None:
    root = root_of(report_of(CASES / slug, pack))
    assert f"rank {METAS[slug]['missing_rank']}" in root.message.lower()


@pytest.mark.corpus
@pytest.mark.skipif(not (CORPUS / "labels.yaml").is_file(), reason="no labelled logs at ../shared")
@pytest.mark.parametrize("name", OF_CORPUS)
def test_the_guilty_rank_of_a_labelled_log_is_named(
    name: str, pack: Pack, matcher: Matcher
) -> None:
    log = (CORPUS / "logs" / f"{name}.log").read_bytes()
    assert root_of(report_of_text(log, matcher, pack)).ranks == (OF_CORPUS[name],)


@pytest.mark.parametrize("slug", KILLS)
def test_without_the_launchers_lines_nobody_is_accused(slug: str, diagnose: Explain) -> None:
    """So the log looks under ``deepspeed --quiet``: a return code and no word of whose it is."""
    lines = log_of(slug)
    report = diagnose("\n".join(line for line in lines if "[INFO] [launch.py" not in line))
    root, last = root_of(report), max(METAS[slug]["root_rank"], 1 if slug != "gpu-four-kill" else 3)
    assert root.ranks == ()
    assert f"these logs cannot tell which of ranks 0-{last} it was" in root.message
    assert root.confidence is not Confidence.CERTAIN
    wanted = " ".join(report.collect)
    for command in ("--enable_each_rank_log", "--log-dir", "dmesg -T"):
        assert command in wanted


@pytest.mark.parametrize("slug", KILLS)
def test_the_kernel_names_the_rank_that_the_log_does_not(
    slug: str, pack: Pack, tmp_path: Path
) -> None:
    """Without the closing lines; the kernel's process id and the launcher's spawn line do it."""
    lines = [line for line in log_of(slug) if "Killing subprocess" not in line]
    spawned = next(line for line in lines if f"--local_rank={KILLS[slug]}" in line)
    pid = spawned.partition("process ")[2].split()[0]
    (tmp_path / "job.log").write_text("\n".join(lines))
    kill = (
        f"[ 5121.204811] Out of memory: Killed process {pid} (python3) total-vm:9kB, anon-rss:8kB"
    )
    (tmp_path / "dmesg.txt").write_text(kill + "\n")
    root = root_of(report_of(tmp_path, pack))
    assert (root.code, root.ranks) == ("DSM017", (KILLS[slug],))


@pytest.mark.parametrize(
    "slug", ["rank-error-keyerror", "gpu-oom-one-rank", "gpu-illegal-access", "host-ulimit-v"]
)
def test_two_independent_failures_stay_two(slug: str, diagnose: Explain) -> None:
    """Rank 0's disk is full at a checkpoint; later rank 1 has trouble of its own."""
    disk = [
        line
        for line in log_of("checkpoint-disk-full")
        if not line.startswith("[rank1]") and "sigkill_handler" not in line
    ]
    lines = log_of(slug)
    other = [line for line in lines if line.startswith("[rank1]")]
    closing = [line for line in lines if "sigkill_handler" in line]
    report = diagnose("\n".join([*disk, *other, *closing]) + "\n")
    causes = [item for item in report.findings if item.role is Role.CAUSE]
    assert [item.ranks for item in causes] == [(0,), (1,)]
    assert causes[0].code == "DSH030"
    assert causes[1].caused_by is None
    assert causes[0].confidence is not Confidence.CERTAIN
    assert causes[1].code in causes[0].argument
