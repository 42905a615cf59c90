"""``dsdoctor smoke`` as its users see it, with a job that needs no torch."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dsdoctor.cli import smoke_bench
from dsdoctor.cli.main import main
from dsdoctor.cli.smoke_options import size
from dsdoctor.errors import UsageError
from dsdoctor.probes.clients.gpus import Inventory
from dsdoctor.smoke import run
from dsdoctor.smoke.folder import PREFIX, RunFolder, free_port
from dsdoctor.smoke.launch import Launch, environment
from dsdoctor.smoke.planned import Plan
from dsdoctor.smoke.request import SmokeRequest
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
Out = pytest.CaptureFixture[str]
FAKE = ROOT / "tests/smoke/fake_job.py"
SCHEMA = json.loads((ROOT / "dsdoctor/report/report-1.schema.json").read_text())
SOUND = {"train_micro_batch_size_per_gpu": 1, "gradient_clipping": 1.0}
BOTH = {**SOUND, "fp16": {"enabled": True}, "bf16": {"enabled": True}}


def smoke(*arguments: object) -> int:
    return main(["smoke", *map(str, arguments)])


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(smoke_bench.NvmlGpus, "inventory", lambda _: Inventory())
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()


Play = Callable[..., None]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """Makes every run a fake job of a mode; several modes go to the runs one by one."""

    def choose(*modes: str) -> None:
        left = list(modes)

        def launch_of(plan: Plan, request: SmokeRequest, folder: RunFolder, _: Path) -> Launch:
            mode = left.pop(0) if len(left) > 1 else left[0]
            argv = (sys.executable, str(FAKE), mode, "--plan", str(folder.path / "plan.json"))
            return Launch(argv, environment(plan, request, folder, free_port()))

        monkeypatch.setattr(run, "launch_of", launch_of)
        monkeypatch.setattr(run, "check_needs", lambda *_: None)

    return choose


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return written(tmp_path / "ds_config.json", SOUND)


def written(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value))
    return path


def report(capsys: Out) -> Any:
    """The JSON on standard output, held against the contract."""
    told = json.loads(capsys.readouterr().out)
    jsonschema.validate(told, SCHEMA)
    assert told["command"] == "smoke"
    return told


def test_a_run_that_passes(play: Play, config: Path, tmp_path: Path, capsys: Out) -> None:
    play("well")
    assert smoke(config, "--steps", 4, "--format", "json") == 0
    told = report(capsys)
    assert (told["verdict"]["status"], told["smoke"]["outcome"]) == ("clean", "passed")
    rank = told["smoke"]["ranks"][1]
    assert (rank["rank"], rank["host"], rank["steps"]) == (1, "here", 4)
    assert rank["losses"] == [4.5, 4.0, 3.5, 3.0]
    assert rank["memory"]["host_rss"] == 1 << 20
    assert told["versions"] == {"torch": "0"}
    assert all(check["ok"] for check in told["smoke"]["checks"])
    assert not list((tmp_path / "tmp").iterdir())


def test_text_says_the_verdict_first(play: Play, config: Path, capsys: Out) -> None:
    play("well")
    assert smoke(config, "--steps", 4) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("passed in ")
    assert first.endswith(
        "4 steps on 2 CPU ranks, loss 4.50 → 3.00, ranks agree, 1 MiB per rank, 10 ms a step"
    )


def test_a_failure_is_explained_by_its_own_log(play: Play, config: Path, capsys: Out) -> None:
    play("fail")
    assert smoke(config, "--steps", 4, "--format", "json") == 1
    told = report(capsys)
    assert told["smoke"]["outcome"] == "failed"
    assert told["smoke"]["code"] == told["verdict"]["root"]["code"]
    assert told["verdict"]["root"]["evidence"][0]["file"] == "job.log"
    assert "illegal memory access" in told["verdict"]["root"]["evidence"][0]["text"]
    assert told["findings"][0] == told["verdict"]["root"]


def test_a_killed_rank_is_a_failure_even_if_no_rule_knows_it(
    play: Play, config: Path, capsys: Out
) -> None:
    play("die")
    assert smoke(config, "--steps", 4, "--format", "json") == 1
    told = report(capsys)
    assert told["smoke"]["outcome"] == "failed"
    wrong = {check["name"]: check["detail"] for check in told["smoke"]["checks"] if not check["ok"]}
    assert wrong["every rank ends"] == "rank 1 stopped in train after 2 steps"


def test_a_hang_says_where_it_stands(play: Play, config: Path, capsys: Out) -> None:
    play("hang")
    assert smoke(config, "--steps", 4, "--timeout", 3, "--format", "json") == 1
    told = report(capsys)
    assert told["smoke"]["outcome"] == "hung"
    assert told["smoke"]["reason"].endswith("rank 0-1 in train after step 2")
    assert told["smoke"]["ranks"][0]["phase"] == "train"


@pytest.mark.parametrize(
    ("modes", "slug", "code"),
    [
        (("fail", "well"), "reproduced-then-fixed", 0),
        (("well", "well"), "not-reproduced", 1),
        (("fail", "fail"), "still-failing", 1),
    ],
)
def test_before_and_after(
    modes: tuple[str, ...], slug: str, code: int, play: Play, config: Path, capsys: Out
) -> None:
    play(*modes)
    pair = ("--before", config, "--after", config, "--steps", 4)
    assert smoke(*pair, "--format", "json") == code
    told = report(capsys)
    assert told["smoke"]["outcome"] == slug
    assert told["smoke"]["comparison"]["sentence"] == told["verdict"]["summary"]
    assert told["smoke"]["comparison"]["before"]["outcome"] == (
        "passed" if modes[0] == "well" else "failed"
    )


def test_the_proof_as_text(play: Play, config: Path, capsys: Out) -> None:
    play("fail", "well")
    smoke("--before", config, "--after", config, "--steps", 4)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("  before   failed in ")
    assert lines[1].startswith("  after    passed in ")
    assert lines[2] == "Reproduced, then fixed."


def test_what_lint_calls_broken_is_refused(tmp_path: Path, play: Play, capsys: Out) -> None:
    play("well")
    broken = written(tmp_path / "both.json", BOTH)
    assert smoke(broken, "--format", "json") == 1
    told = report(capsys)
    assert (told["smoke"]["outcome"], told["smoke"]["ranks"]) == ("refused", [])
    assert told["verdict"]["root"]["code"] == "DSP007"
    assert smoke(broken) == 1
    text = capsys.readouterr().out
    assert text.startswith("refused  ")
    assert "--anyway" in text
    assert smoke(broken, "--anyway", "--steps", 4, "--format", "json") == 0
    assert report(capsys)["smoke"]["outcome"] == "passed"


def test_a_kept_run_names_its_log(play: Play, config: Path, tmp_path: Path, capsys: Out) -> None:
    play("well")
    smoke(config, "--steps", 4, "--keep", tmp_path / "kept", "--format", "json")
    assert report(capsys)["smoke"]["log"] == str(tmp_path / "kept/job.log")
    names = {path.name for path in (tmp_path / "kept").iterdir()}
    assert {"job.log", "plan.json", "ds_config.json", "rank-0.jsonl"} <= names


def test_config_is_an_alias(play: Play, config: Path, capsys: Out) -> None:
    """A confirm line of a rule says it so."""
    play("well")
    assert smoke("--config", config, "--steps", 4) == 0
    assert smoke(config, "--config", config) == 2
    assert "named twice" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--gpus", 0), "no job runs on 0 GPUs"),
        (("--before", "{config}"), "--before and --after go together"),
        (("{config}", "--matrix"), "three ways"),
        (("{config}", "--model", "."), "no config.json"),
        (("{config}", "--gpu-memory", "much"), "not a size"),
        (("{config}", "--gpu-memory", "24GiB"), "squeezes GPUs"),
        (("{config}", "--python", "/nowhere/python"), "no such Python"),
        (("{config}", "--launcher", "torchrun", "--hostfile", "{hosts}"), "does not reach"),
    ],
)
def test_bad_input_is_one_clear_error(
    arguments: tuple[object, ...],
    message: str,
    config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Out,
) -> None:
    monkeypatch.chdir(tmp_path)
    hosts = tmp_path / "hosts"
    hosts.write_text("node-1 slots=2\n")
    names = {"config": config, "hosts": hosts}
    assert smoke(*(str(item).format_map(names) for item in arguments)) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err
    assert not list(tmp_path.glob(f"**/{PREFIX}*"))


def test_more_ranks_than_gpus(config: Path, monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    monkeypatch.delenv("DS_ACCELERATOR", raising=False)
    real = smoke_bench.this_machine
    monkeypatch.setattr(smoke_bench, "this_machine", lambda *_, **more: real(1, 1 << 34, **more))
    assert smoke(config, "--gpus", 2) == 2
    assert "2 GPUs are asked for, this machine shows 1" in capsys.readouterr().err


def test_a_temporary_folder_that_cannot_be_written(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    assert smoke(config) == 2
    assert "the run's folder cannot be written" in capsys.readouterr().err


def test_a_python_without_torch_names_the_command(config: Path, capsys: Out) -> None:
    if smoke_bench.find_python(None) != sys.executable:
        pytest.skip("another Python here has DeepSpeed")
    try:
        import torch  # noqa: F401
    except ImportError:
        assert smoke(config) == 2
        assert f"{sys.executable} -m pip install torch" in capsys.readouterr().err


def test_a_matrix_says_why_it_leaves_variants_out(play: Play, capsys: Out) -> None:
    play("well")
    smoke("--matrix", "--stage", 0, "--steps", 4, "--format", "json")
    told = report(capsys)
    outcomes = {one["name"]: one["outcome"] for one in told["smoke"]["variants"]}
    assert outcomes["zero0-bf16"] == "passed"
    assert outcomes["zero0-bf16-nvme"] == "skipped"
    reasons = [one["reason"] for one in told["smoke"]["variants"] if one["outcome"] == "skipped"]
    assert all(reasons)


@pytest.mark.parametrize(
    ("text", "count"), [("24GiB", 24 << 30), ("24G", 24 << 30), ("1.5 TB", 3 << 39), ("7", 7)]
)
def test_sizes(text: str, count: int) -> None:
    assert size(text) == count


@pytest.mark.parametrize("text", ["", "GiB", "0", "-1G", "1e9", "9" * 50, "24 GiB of memory"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(UsageError, match="not a size"):
        size(text)
