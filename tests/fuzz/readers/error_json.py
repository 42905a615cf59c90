"""torchelastic's error.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from dsdoctor.logs.error_json import parse_error_json, utc
from tests.fuzz.choices import Choices
from tests.fuzz.readers.common import ROOT, files, record_of
from tests.fuzz.readers.log_lines import written
from tests.fuzz.target import Target


def run(data: bytes) -> None:
    """Read the file, then the traceback in it as a log."""
    found = parse_error_json(data[1:] if data[:1] == b"\0" else _built(Choices(data[1:])))
    utc(found.stamp)
    record_of(found.text.encode("utf-8", "replace"), "error.json")


def _built(choices: Choices) -> bytes:
    """The right shape with any text in it."""
    stamp = choices.pick(["1769853600", 1769853600, "-1", True, 1e99, "9" * 30, None, "٣"])
    text = choices.pick(["", "RuntimeError: boom", "\ud800", "\0"])
    inner: dict[str, Any] = {"message": text, "extraInfo": {"timestamp": stamp}}
    shape = choices.number(4)
    cut = choices.number(400)
    inner["extraInfo"]["py_callstack"] = written(choices).decode("utf-8", "replace")
    value = [{"message": inner}, {"message": text, "timestamp": stamp}, [inner], inner][shape]
    encoded = json.dumps(value).encode()
    return encoded[:-cut] if cut % 3 == 0 and cut else encoded


def seeds() -> Iterator[bytes]:
    """Captured files."""
    for data in files("**/error.json", below=ROOT / "tests/data/witness"):
        yield b"\0" + data
    stack = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nKeyError: 'x'\n"
    inner = {
        "message": "KeyError: x",
        "extraInfo": {"py_callstack": stack, "timestamp": "1769853600"},
    }
    yield b"\0" + json.dumps({"message": inner}).encode()


TARGET = Target(
    "error-json", run, seeds, lambda: ["py_callstack", "extraInfo", "message", "timestamp", "\\u"]
)
