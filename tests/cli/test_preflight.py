"""``dsdoctor preflight`` as its users see it, on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from dsdoctor.cli.main import main
from dsdoctor.probes.registry import PROBES
from tests.conftest import ROOT

Out = pytest.CaptureFixture[str]
SOUND = '{"train_micro_batch_size_per_gpu": 1, "bf16": {"enabled": true}, "gradient_clipping": 1.0}'
QUICK = ("--only", "cpus,memory,interfaces")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="preflight looks at Linux hosts")


def preflight(*arguments: object) -> int:
    return main(["preflight", *map(str, arguments)])


def test_the_list_names_every_probe(capsys: Out) -> None:
    assert preflight("--list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [probe.id for probe in PROBES]
    deep = [probe.id for probe in PROBES if probe.deep]
    assert [line.split()[0] for line in lines if "(with --deep)" in line] == deep


def test_json_follows_the_contract(capsys: Out) -> None:
    """Every probe's outcome, facts and seconds; deep ones are not run."""
    code = preflight("--format", "json", "--fail-on", "never")
    report = json.loads(capsys.readouterr().out)
    schema = json.loads((ROOT / "dsdoctor/report/report-1.schema.json").read_text())
    jsonschema.validate(report, schema)
    assert (code, report["command"]) == (0, "preflight")
    assert [item["probe"] for item in report["probes"]] == [p.id for p in PROBES if not p.deep]
    assert not [item for item in report["probes"] if item["outcome"] in ("crashed", "timed-out")]


def test_text_is_a_line_a_probe(capsys: Out) -> None:
    preflight(*QUICK)
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines()[:3]] == ["cpus", "memory", "interfaces"]
    assert "\x1b" not in out


def test_only_and_skip(capsys: Out) -> None:
    preflight("--only", "cpus", "--only", "memory,shm", "--skip", "shm", "--format", "json")
    probes = json.loads(capsys.readouterr().out)["probes"]
    assert [item["probe"] for item in probes] == ["cpus", "memory"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--only", "gpu"), "there is no probe 'gpu'"),
        (("--only", "cpus", "--skip", "cpus"), "no probe is left"),
        (("--launcher", "slurm"), "no hosts"),
        (("--meet", "x"), "not a meeting"),
    ],
)
def test_wrong_usage(
    capsys: Out, arguments: tuple[str, ...], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("SLURM")]:
        monkeypatch.delenv(name)
    assert preflight(*arguments) == 2
    got = capsys.readouterr()
    assert (got.out, words in got.err) == ("", True)


def test_a_configuration_is_judged_with_this_machine(tmp_path: Path, capsys: Out) -> None:
    path = tmp_path / "ds_config.json"
    path.write_text(SOUND[:-1] + ', "train_batch_size": 5, "gradient_accumulation_steps": 2}')
    assert preflight(path, "--only", "config", "--gpus", "1", "--fail-on", "error") == 1
    out = capsys.readouterr().out
    assert "DSC001" in out
    assert "would fail at start" in out


def test_a_broken_configuration(tmp_path: Path, capsys: Out) -> None:
    path = tmp_path / "ds_config.json"
    path.write_text("{")
    assert preflight(path) == 2
    assert "ds_config.json:1" in capsys.readouterr().err


def test_baseline(tmp_path: Path, capsys: Out) -> None:
    """Nothing changes by itself; what does change is told."""
    preflight(*QUICK, "--format", "json")
    path = tmp_path / "before.json"
    path.write_text(capsys.readouterr().out)
    preflight(*QUICK, "--baseline", path)
    assert "nothing changed since the baseline" in capsys.readouterr().out
    before = json.loads(path.read_text())
    facts = next(item["facts"] for item in before["probes"] if item["probe"] == "cpus")
    facts["cpus"] = 4096
    path.write_text(json.dumps(before))
    preflight(*QUICK, "--baseline", path)
    assert "changed since the baseline: cpus.cpus: 4096 -> " in capsys.readouterr().out


def test_nothing_heavy_is_imported() -> None:
    """A doctor must work where the patient is broken, and start fast."""
    heavy = ("torch", "deepspeed", "pynvml", "psutil", "numpy", "transformers")
    check = (
        "import sys; from dsdoctor.cli.main import main; "
        "main(['preflight', '--fail-on', 'never']); "
        f"sys.exit(bool(set({heavy!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
