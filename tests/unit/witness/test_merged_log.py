"""Two streams in one log: whole lines, no lost byte, little memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsdoctor.witness.merged_log import MOST_HELD, MergedLog


@pytest.fixture
def log(tmp_path: Path) -> Callable[[int], tuple[MergedLog, Callable[[], bytes]]]:
    def make(streams: int) -> tuple[MergedLog, Callable[[], bytes]]:
        path = tmp_path / "job.log"
        merged = MergedLog(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), streams)
        return merged, path.read_bytes

    return make


def test_lines_stay_whole(log: Callable[..., tuple[MergedLog, Callable[[], bytes]]]) -> None:
    merged, text = log(2)
    for stream, chunk in ((0, b"step 1 lo"), (1, b"warn"), (0, b"ss 2.5\nst"), (1, b"ing\n")):
        merged.write(stream, chunk)
    assert text() == b"step 1 loss 2.5\nwarning\n"
    merged.flush()
    assert text().endswith(b"warning\nst")


def test_a_single_stream_is_not_held(
    log: Callable[..., tuple[MergedLog, Callable[[], bytes]]],
) -> None:
    merged, text = log(1)
    merged.write(0, b"no end")
    assert text() == b"no end"


def test_a_progress_bar_is_not_held(
    log: Callable[..., tuple[MergedLog, Callable[[], bytes]]],
) -> None:
    merged, text = log(2)
    merged.write(1, b" 10%|#   |\r 20%|##")
    assert text() == b" 10%|#   |\r"


def test_a_line_without_an_end_is_not_kept_in_memory(
    log: Callable[..., tuple[MergedLog, Callable[[], bytes]]],
) -> None:
    merged, text = log(2)
    for _ in range(10):
        merged.write(0, b"x" * MOST_HELD)
        assert sum(map(len, merged._held)) <= MOST_HELD
    merged.flush()
    assert text() == b"x" * (10 * MOST_HELD)


def test_a_file_that_takes_no_more_is_said_once() -> None:
    merged = MergedLog(os.open("/dev/full", os.O_WRONLY), 1)
    merged.write(0, b"lost")
    merged.write(0, b"lost")
    assert merged.trouble == "No space left on device"


@given(st.lists(st.tuples(st.integers(0, 1), st.binary(max_size=40)), max_size=30))
def test_every_byte_of_a_stream_arrives_in_order(chunks: list[tuple[int, bytes]]) -> None:
    """The two streams are told apart by the high bit."""
    marked = [(n, bytes(c | 0x80 if n else c & 0x7F for c in chunk)) for n, chunk in chunks]
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as stream:
        merged = MergedLog(writer, 2)
        for number, chunk in marked:
            merged.write(number, chunk)
        merged.flush()
        os.close(writer)
        got = stream.read()
    for number in (0, 1):
        expected = b"".join(chunk for n, chunk in marked if n == number)
        assert bytes(c for c in got if (c >= 0x80) == bool(number)) == expected
