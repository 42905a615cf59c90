"""torchelastic's error.json, whole and damaged."""

from __future__ import annotations

import json
import tracemalloc
from datetime import datetime
from pathlib import Path

import pytest

from dsdoctor.logs.error_json import MAX_BYTES, parse_error_json, read_error_json
from dsdoctor.logs.matcher import Matcher
from tests.conftest import ROOT

DATA = ROOT / "tests" / "data" / "witness"
WHOLE = (DATA / "torchrun/attempt_0/1/error.json").read_bytes()


def test_a_captured_file_tells_who_when_and_what(matcher: Matcher) -> None:
    record = read_error_json(DATA / "torchrun/attempt_0/1/error.json", matcher)
    link = record.tracebacks[0].links[-1]
    assert (link.exception, link.message) == ("KeyError", "'labels'")
    assert (link.frames[-1].function, link.frames[-1].line) == ("step", 9)
    assert (record.origin.local_rank, record.origin.rank) == (1, None)
    assert record.origin.time == datetime(2026, 11, 20, 14, 28, 34)
    assert record.tracebacks[0].origin == record.origin
    assert record.notes == ()


def test_rules_apply_to_it(matcher: Matcher) -> None:
    """The rank that only lost its peer is known as such."""
    record = read_error_json(DATA / "torchrun/attempt_0/0/error.json", matcher)
    assert "DSN015" in {event.rule for event in record.events}


def test_a_chain_of_exceptions(matcher: Matcher) -> None:
    record = read_error_json(DATA / "chain/attempt_0/0/error.json", matcher)
    links = record.tracebacks[0].links
    assert [link.exception for link in links] == ["ValueError", "RuntimeError"]
    assert links[1].message == "bad sample\nsecond line of the message"


@pytest.mark.parametrize(
    ("value", "exception"),
    [
        ({"message": "KeyError: 'x'"}, "KeyError"),
        ({"message": "Traceback (most recent call last):\n  File 'a'\nKeyError: 'x'"}, "KeyError"),
        ({"message": {"message": "KeyError: 'x'"}}, "KeyError"),
        ({"message": {"message": "KeyError: 'x'", "extraInfo": None, "errorCode": 1}}, "KeyError"),
        ({"message": {"message": "KeyError: 'x'", "extraInfo": {"timestamp": 5}}}, "KeyError"),
    ],
)
def test_older_shapes(tmp_path: Path, matcher: Matcher, value: object, exception: str) -> None:
    """A string as message, no call stack, an error code added by the agent."""
    path = tmp_path / "error.json"
    path.write_text(json.dumps(value))
    record = read_error_json(path, matcher)
    assert [item.links[-1].exception for item in record.tracebacks] == [exception]
    assert not record.notes


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (b"", "empty"),
        (b"\0" * 500, "empty"),
        (b"[1, 2]", "no message"),
        (b'{"message": 3}', "no message"),
        (b"[" * 200_000, "no complete JSON"),
        (b"not json", "no complete JSON"),
    ],
)
def test_bad_files_get_one_note(tmp_path: Path, matcher: Matcher, data: bytes, note: str) -> None:
    path = tmp_path / "error.json"
    path.write_bytes(data)
    record = read_error_json(path, matcher)
    assert len(record.notes) == 1
    assert str(path) in record.notes[0]
    assert note in record.notes[0]
    assert not record.tracebacks


@pytest.mark.parametrize("cut", range(60, len(WHOLE), 97))
def test_a_cut_file_tells_what_is_left(cut: int) -> None:
    """The message comes first, so it survives any cut after it."""
    found = parse_error_json(WHOLE[:cut])
    assert found.message.startswith("KeyError: 'labels'"[: max(0, cut - 40)])
    assert "no complete JSON" in found.note
    assert "\\n" not in found.stack


def test_nul_bytes_and_raw_line_feeds_do_no_harm() -> None:
    found = parse_error_json(b'{"message": {"message": "Key\0Error: \n x"}}')
    assert found.message == "KeyError: \n x"


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path, matcher: Matcher) -> None:
    """A sparse file of 1 GB: the start counts, memory stays small."""
    path = tmp_path / "error.json"
    with path.open("wb") as file:
        file.write(WHOLE[:-20])
        file.truncate(1 << 30)
    tracemalloc.start()
    record = read_error_json(path, matcher)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 << 20
    assert record.tracebacks[0].links[-1].exception == "KeyError"
    assert f"longer than {MAX_BYTES >> 20} MiB" in record.notes[0]


def test_an_unreadable_file_is_a_note(tmp_path: Path, matcher: Matcher) -> None:
    record = read_error_json(tmp_path / "error.json", matcher)
    assert record.notes == (f"{tmp_path}/error.json: cannot be read: No such file or directory",)


@pytest.mark.parametrize("stamp", ["-5", "99999999999", "nan", True, None, [], "1" * 5000])
def test_a_senseless_time_is_no_time(stamp: object) -> None:
    value = {"message": {"message": "x", "extraInfo": {"timestamp": stamp}}}
    assert parse_error_json(json.dumps(value).encode()).stamp == 0


def test_lone_surrogates_and_escapes_survive(tmp_path: Path, matcher: Matcher) -> None:
    path = tmp_path / "error.json"
    path.write_text('{"message": "ValueError: \\ud83c \\u001b[31mred\\u0007"}')
    record = read_error_json(path, matcher)
    assert record.tracebacks[0].links[0].message == "? red"


def test_the_rank_may_stand_in_the_name(tmp_path: Path, matcher: Matcher) -> None:
    path = tmp_path / "error_rank7.json"
    path.write_text('{"message": "KeyError: 1"}')
    assert read_error_json(path, matcher).origin.rank == 7
