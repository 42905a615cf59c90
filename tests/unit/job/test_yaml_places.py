"""Settings files: values as the job's own reader gives them, places, and hostile input."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from dsdoctor.errors import SourceError
from dsdoctor.job.place import Place
from dsdoctor.job.yaml_places import MAX_BYTES, parse_settings, read_settings

YAML = """\
# training
bf16: true
learning_rate: 1e-5        # YAML 1.1: text
weight_decay: 1.0e-5
started: 2024-01-31
limit: .nan
deepspeed_config:
  zero_stage: 3
  offload: {device: cpu, pin: yes}
datasets:
  - path: alpaca
    type: chat
"""


def test_values_are_those_of_the_safe_loader() -> None:
    """Except for dates and NaN, which stay as written."""
    expected = yaml.safe_load(YAML)
    expected["started"] = "2024-01-31"
    expected["limit"] = ".nan"
    assert parse_settings(YAML, "a.yaml").data == expected


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        (("bf16",), 2, 1),
        (("deepspeed_config",), 7, 1),
        (("deepspeed_config", "zero_stage"), 8, 3),
        (("deepspeed_config", "offload", "pin"), 9, 26),
        (("datasets", "0", "type"), 12, 5),
    ],
)
def test_every_key_has_its_place(path: tuple[str, ...], line: int, column: int) -> None:
    assert parse_settings(YAML, "a.yaml").place(*path) == Place("a.yaml", line, column)


def test_flat_names() -> None:
    flat = parse_settings(YAML, "a.yaml").flat()
    assert flat["deepspeed_config.offload.device"].value == "cpu"
    assert flat["deepspeed_config.offload.device"].place.line == 9
    assert flat["datasets"].value == [{"path": "alpaca", "type": "chat"}]
    assert "deepspeed_config" not in flat
    assert parse_settings("a: {}", "x").flat()["a"].value == {}


JSON = '{\n\t"lr": 1e-5,\n\t"text": "\\ud83d\\ude00\\/",\n\t"odd" \n: [1, {"b": NaN}]\n}\n'


def test_json_is_read_as_json() -> None:
    """1e-5 is a number, tabs may indent, surrogate pairs are one sign."""
    settings = parse_settings(JSON.replace(" \n:", ":"), "a.json")
    assert settings.data == {"lr": 1e-5, "text": "😀/", "odd": [1, {"b": "NaN"}]}
    assert settings.place("odd", "1", "b") == Place("a.json", 4, 14)


def test_json_that_no_yaml_reader_follows_has_no_lines_only_a_file() -> None:
    settings = parse_settings(JSON, "a.json")
    assert settings.data["lr"] == 1e-5
    assert settings.place("lr") == Place("a.json")


@pytest.mark.parametrize("name", ["a.json", "a.yaml", "settings"])
def test_the_same_json_under_any_name(name: str) -> None:
    data: dict[str, Any] = {"a": 1.5e-8, "b": [True, None, {"c": "x: y # z"}], "é": "\t\"'"}
    for indent in (None, 2):
        assert parse_settings(json.dumps(data, indent=indent), name).data == data


def test_a_key_twice_names_both_lines() -> None:
    for text, name in (("a: 1\nb: 2\na: 3\n", "x.yaml"), ('{"a": 1,\n"b": 2,\n"a": 3}', "x.json")):
        with pytest.raises(SourceError, match="'a' is given twice, in line 1 and line 3") as caught:
            parse_settings(text, name)
        assert caught.value.location.startswith(f"{name}:3:")


def test_anchors_and_merges_read_as_the_safe_loader_reads_them() -> None:
    text = """
base: &base {lr: 1, steps: 2}
more: &more {steps: 9, seed: 3}
one: {<<: *base, lr: 5}
two:
  <<: [*base, *more]
  seed: 8
same: *base
"""
    settings = parse_settings(text, "x")
    assert settings.data == yaml.safe_load(text)
    assert settings.place("two", "steps").line == 2
    assert settings.place("same", "lr").line == 2


_BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
)
_MERGE_BOMB = "\n".join(
    ["a0: &a0 {k: 1}"]
    + [f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 10)}]}}" for i in range(1, 9)]
)
_WIDE_MERGE = (
    "big: &b {" + ", ".join(f"k{i}: 1" for i in range(20_000)) + "}\n"
    "x: {<<: [" + ", ".join(["*b"] * 50_000) + "]}"
)


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (_BOMB, "x", "too many values"),
        (_MERGE_BOMB, "x", "too many values"),
        (_WIDE_MERGE, "x", "too many values"),
        ("a: &a [*a]", "x", "inside its own anchor"),
        ("a: &a {<<: *a}", "x", "inside its own anchor"),
        ("a: *b", "x", "undefined alias"),
        ("[" * 400_000, "x", "nested too deeply"),
        ("a: " + "[" * 65 + "]" * 65, "x", "nested too deeply"),
        ('{"a":' * 200_000, "x.json", "nested too deeply"),
        ("- " * 200_000, "x", "nested too deeply"),
        ("a: 1" + ":1" * 300_000, "x", "a number is too long"),
        ("a: " + "9" * 5000, "x", "a number is too long"),
        ('{"a": ' + "9" * 5000 + "}", "x.json", "a number is too long"),
        ("a: !!python/object/apply:os.system [ls]", "x", "tag .* is not allowed"),
        ("a: !!python/name:os.system", "x", "tag .* is not allowed"),
        ("a: !mine 1", "x", "tag .* is not allowed"),
        ("a: !!binary aGk=", "x", "tag .* is not allowed"),
        ("a: !!int x", "x", "not what its tag says"),
        ("a: !!float ''", "x", "not what its tag says"),
        ("a:\n\tb: 1", "x", "not valid YAML"),
        ("a: 'b", "x", "not valid YAML"),
        ("a: \x01", "x", "not valid YAML"),
        ("a: 1\n---\nb: 2", "x", "not valid YAML"),
        ("? [a, b]\n: 1", "x", "a key must be a single word"),
        ("<<: 3", "x", "only a mapping"),
        ("- 1\n- 2", "x", "holds a list"),
        ("x", "x", "holds a single text"),
        ("[1]", "x.json", "holds a list"),
        ("# nothing", "x", "the file is empty"),
        ("", "x.json", "not valid JSON"),
        ('{"a": 1,}', "x.json", "not valid JSON"),
        ('\ufeff{"a": 1}', "x.json", "not valid JSON"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_hostile_or_broken_text_is_one_clear_error(text: str, name: str, message: str) -> None:
    """In bounded time, whatever the size."""
    started = time.monotonic()
    with pytest.raises(SourceError, match=message) as caught:
        parse_settings(text, name)
    assert caught.value.location.startswith(name)
    assert len(str(caught.value)) < 400
    assert time.monotonic() - started < 10


def test_a_tab_is_named() -> None:
    with pytest.raises(SourceError) as caught:
        parse_settings("a:\n\tb: 1", "x.yaml")
    assert (caught.value.location, "tabs" in caught.value.hint) == ("x.yaml:2:1", True)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: \xc3\xa9\r\n")
    assert read_settings(path).data == {"a": 1, "b": "é"}
    for content, message in (
        ("a: 1".encode("utf-16"), "not UTF-8"),
        (b"a: 1\nb: \xff", "not UTF-8"),
        (b"#" * (MAX_BYTES + 1), "larger than 1 MB"),
    ):
        path.write_bytes(content)
        with pytest.raises(SourceError, match=message):
            read_settings(path)
    with pytest.raises(SourceError, match="cannot be read: No such file"):
        read_settings(tmp_path / "absent")
    with pytest.raises(SourceError, match="cannot be read: Is a directory"):
        read_settings(tmp_path)
