"""``dsdoctor lint`` as its users see it."""

from __future__ import annotations

import io
import json
import os
import stat
from pathlib import Path

import jsonschema
import pytest
import yaml

from dsdoctor.cli.main import main
from tests.conftest import ROOT

BROKEN = """{
  // four GPUs
  "train_batch_size": 64,
  "train_micro_batch_size_per_gpu": 1,
  "gradient_accumulation_steps": 8,
  "zero_optimization": {
    "stage": 2,
    "cpu_offload": true  # old
  }
}
"""
SOUND = '{"train_micro_batch_size_per_gpu": 1, "bf16": {"enabled": true}}'

Out = pytest.CaptureFixture[str]


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A configuration with one safe fix and one that needs a choice."""
    path = tmp_path / "ds_config.json"
    path.write_text(BROKEN)
    return path


def lint(*arguments: object) -> int:
    return main(["lint", "--deepspeed-version", "0.19.8", *map(str, arguments)])


def test_a_sound_configuration(tmp_path: Path, capsys: Out) -> None:
    path = tmp_path / "ds_config.json"
    path.write_text(SOUND)
    assert lint(path, "--fail-on", "error") == 0
    assert "error" not in capsys.readouterr().out


def test_text_says_what_where_and_how(broken: Path, capsys: Out) -> None:
    assert lint(broken, "--world-size", 4) == 1
    out = capsys.readouterr().out
    assert (
        "train_batch_size 64 is not micro batch 1 x gradient accumulation 8 x world size 4" in out
    )
    assert f'{broken}:3 │ "train_batch_size": 64,' in out
    assert '{"train_batch_size": 32}' in out
    assert "this job would not run" in out
    assert "\x1b" not in out


def test_json_keeps_the_contract(broken: Path, capsys: Out) -> None:
    assert lint(broken, "--world-size", 4, "--format", "json") == 1
    report = json.loads(capsys.readouterr().out)
    schema = json.loads((ROOT / "dsdoctor/report/report-1.schema.json").read_text())
    jsonschema.validate(report, schema)
    assert report["command"] == "lint"
    assert report["verdict"]["root"]["code"] == "DSC001"
    place = report["verdict"]["root"]["evidence"][0]
    assert (place["key"], place["line"], place["file"]) == ("train_batch_size", 3, str(broken))


def test_fix_only_shows_without_a_target(broken: Path, capsys: Out) -> None:
    assert lint(broken, "--fix") == 1
    assert broken.read_text() == BROKEN
    out = capsys.readouterr().out
    assert '-    "cpu_offload": true  # old' in out
    assert "nothing is saved yet" in out


def test_fix_into_a_new_file_keeps_comments(broken: Path, tmp_path: Path) -> None:
    target = tmp_path / "fixed.json"
    assert lint(broken, "--fix-unsafe", "--world-size", 4, "-o", target, "--fail-on", "error") == 0
    text = target.read_text()
    assert "// four GPUs" in text
    assert '"train_batch_size": 32' in text
    assert "cpu_offload" not in text
    assert broken.read_text() == BROKEN


def test_a_target_that_exists_is_left_alone(broken: Path, tmp_path: Path, capsys: Out) -> None:
    target = tmp_path / "fixed.json"
    target.write_text("mine")
    assert lint(broken, "--fix", "-o", target) == 2
    assert target.read_text() == "mine"
    assert "left alone" in capsys.readouterr().err


def test_in_place_keeps_permissions_and_links(broken: Path, tmp_path: Path) -> None:
    broken.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(broken)
    lint(link, "--fix", "--in-place")
    assert link.is_symlink()
    assert "offload_optimizer" in broken.read_text()
    assert stat.S_IMODE(broken.stat().st_mode) == 0o640
    assert sorted(item.name for item in tmp_path.iterdir()) == ["ds_config.json", "link.json"]


def test_fixing_twice_changes_nothing(broken: Path) -> None:
    lint(broken, "--fix-unsafe", "--world-size", 4, "--in-place")
    once = broken.read_text()
    lint(broken, "--fix-unsafe", "--world-size", 4, "--in-place")
    assert broken.read_text() == once


@pytest.mark.parametrize(
    "arguments",
    [["-o", "x.json", "--in-place"], ["--gpu", "ampere"], ["--deepspeed-version", "0.3"]],
    ids=["two targets", "no capability", "too old"],
)
def test_wrong_usage(arguments: list[str], broken: Path, capsys: Out) -> None:
    assert lint(broken, "--fix", *arguments) == 2
    assert capsys.readouterr().err.startswith("dsdoctor: error: ")


def test_two_files_and_one_target(broken: Path, tmp_path: Path, capsys: Out) -> None:
    other = tmp_path / "other.json"
    other.write_text(SOUND)
    assert lint(broken, other, "--fix", "-o", tmp_path / "x.json") == 2
    assert "not several" in capsys.readouterr().err


def test_no_configuration_is_named(capsys: Out) -> None:
    assert lint() == 2
    assert "no configuration is named" in capsys.readouterr().err


def test_the_launch_line_names_the_configuration(
    broken: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(broken.parent)
    line = "deepspeed --num_gpus 4 train.py --deepspeed_config ds_config.json"
    assert lint("--launch", line) == 1
    assert "world size 4" in capsys.readouterr().out


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    class Stdin:
        buffer = io.BytesIO(BROKEN.encode())

    monkeypatch.setattr("sys.stdin", Stdin())
    assert lint("-", "--world-size", 4) == 1
    assert "<stdin>:3" in capsys.readouterr().out


BAD = {
    "not JSON": (b"train a model", ":1:"),
    "a list": (b"[1, 2]", ":1:1"),
    "a missing comma": (b'{\n  "a": 8 "b": 1}', ":2:"),
    "python": (b'{\n  "fp16": {"enabled": True}\n}', ":2:"),
    "deep": (b'{"a":' * 5000 + b"1" + b"}" * 5000, ":1:"),
    "UTF-16": ('{"train_batch_size": 8}'.encode("utf-16"), ":1:1"),
    "binary": (b'{"a": "\x00\x01"}', ":1:"),
    "not UTF-8": (b'{"a": "\xff"}', ":1:"),
}


@pytest.mark.parametrize(("content", "where"), BAD.values(), ids=BAD)
def test_bad_input_is_one_clear_error(
    content: bytes, where: str, tmp_path: Path, capsys: Out
) -> None:
    path = tmp_path / "ds_config.json"
    path.write_bytes(content)
    assert lint(path) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"dsdoctor: error: {path}{where}")
    assert len(captured.err.splitlines()) <= 2


def test_a_gigabyte_is_not_read(tmp_path: Path, capsys: Out) -> None:
    path = tmp_path / "ds_config.json"
    with path.open("wb") as stream:
        os.truncate(stream.fileno(), 1 << 30)
    assert lint(path) == 2
    assert "longer than 4 MiB" in capsys.readouterr().err


def test_every_example_is_clean(capsys: Out, tmp_path: Path) -> None:
    names = sorted(path.stem for path in (ROOT / "dsdoctor/job/examples").glob("*.json"))
    assert len(names) == 11
    for name in names:
        assert main(["lint", "--example", name]) == 0
        path = tmp_path / f"{name}.json"
        path.write_text(capsys.readouterr().out)
        options = ["--trainer"] if name.startswith("trainer") else []
        assert lint(path, "--world-size", 8, "--gpu", "8.0", *options) == 0, name
        assert capsys.readouterr().out.endswith("nothing to complain about\n"), name


def test_control_characters_of_the_file_stay_off_the_terminal(tmp_path: Path, capsys: Out) -> None:
    path = tmp_path / "ds_config.json"
    path.write_text(r'{"train_batch_size": 8, "\u001b]0;owned\u0007‮": 1}')
    lint(path)
    out = capsys.readouterr().out
    assert not set("\x1b\x07\u202e") & set(out)
    assert r"\x1b]0;owned" in out


def test_the_pre_commit_hooks_name_real_commands() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [hook["id"] for hook in hooks] == ["dsdoctor-lint", "dsdoctor-fix"]
    for hook in hooks:
        assert main([*hook["entry"].split()[1:], "--help"]) == 0


@pytest.mark.parametrize("number", ["1e308", "-1e308", "1e-308", "1" + "0" * 290, "0.5", "1e15"])
@pytest.mark.parametrize("world", [1, 3])
def test_odd_numbers_are_no_crash(tmp_path: Path, capsys: Out, number: str, world: int) -> None:
    """Whatever is computed with them, no float overflows."""
    path = tmp_path / "ds_config.json"
    fields = ("train_batch_size", "train_micro_batch_size_per_gpu", "gradient_clipping")
    lines = [f'"{name}": {number}' for name in fields]
    params = f'"params": {{"lr": {number}, "betas": [{number}, {number}]}}'
    lines.append(f'"optimizer": {{"type": "AdamW", {params}}}')
    lines.append(f'"fp16": {{"enabled": true, "loss_scale": {number}}}')
    path.write_text("{" + ", ".join(lines) + "}")
    assert lint(path, "--world-size", world) in (0, 1)
    assert capsys.readouterr().out


def test_a_number_that_is_none_any_more(tmp_path: Path, capsys: Out) -> None:
    path = tmp_path / "ds_config.json"
    path.write_text('{"train_batch_size": 1' + "0" * 400 + "}")
    assert lint(path) == 2
    assert "ds_config.json:1:22: the number is too large" in capsys.readouterr().err


def test_unknown_keys_beyond_a_number_are_told_together(tmp_path: Path, capsys: Out) -> None:
    keys = dict.fromkeys((f"zeta_{number}_q" for number in range(40)), 1)
    path = tmp_path / "many.json"
    path.write_text(json.dumps({"train_batch_size": 8, **keys}))
    lint(path)
    told = capsys.readouterr().out
    assert "zeta_24_q" in told
    assert "zeta_25_q and 14 more keys" in told
    path.write_text(json.dumps({"train_batch_size": 8, **keys, "zero_optimization": {"zonk": 1}}))
    assert lint(path) == 1
    assert "stops at zero_optimization.zonk and 15 more keys" in capsys.readouterr().out
