"""Odd input: nothing crashes, line numbers hold, memory stays bounded."""

from __future__ import annotations

import io
import tracemalloc

from dsdoctor.logs.blocks import BLOCK_BYTES
from dsdoctor.logs.matcher import Matcher
from dsdoctor.logs.reader import LogReader
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Origin
from tests.conftest import Read

HIT = (
    b"AssertionError: Check batch related parameters. train_batch_size is not equal to "
    b"micro_batch_per_gpu * gradient_acc_step * world_size 64 != 1 * 8 * 2"
)


def lines_of(record: LogRecord) -> list[int]:
    """The lines of all events of the batch triangle."""
    return sorted({event.line for event in record.events if event.rule.startswith("DSC001")})


def test_empty(read: Read) -> None:
    record = read(b"")
    assert (record.lines, record.bytes, record.events) == (0, 0, ())


def test_crlf_and_colours_and_nul_bytes(read: Read) -> None:
    record = read(b"one\r\n\x1b[31m" + HIT + b"\x1b[0m\r\n\x00\x00three\r\n")
    assert (lines_of(record), record.lines) == ([2], 3)
    assert "\x1b" not in record.events[0].text


def test_no_line_feed_at_the_end(read: Read) -> None:
    record = read(b"one\n" + HIT)
    assert (lines_of(record), record.lines) == ([2], 2)


def test_not_utf8(read: Read) -> None:
    record = read(b"\xff\xfe\x80\n" + HIT + b" \xff\n")
    assert lines_of(record) == [2]
    assert "\ufffd" in record.events[0].text


def test_a_progress_bar_is_one_line(read: Read) -> None:
    """Carriage returns rewrite a line; a message printed into it is found alone."""
    bar = b"".join(b"\r%3d%%|##  | %d/500 [00:01<00:02]" % (n // 5, n) for n in range(500))
    record = read(b"one\n" + bar + b"\r" + HIT + b"\nthree\n" + HIT + b"\n")
    assert lines_of(record) == [2, 4]
    assert record.events[0].text == HIT.decode()


def test_line_numbers_hold_across_blocks(read: Read) -> None:
    filler = b"x" * 99 + b"\n"
    count = 3 * BLOCK_BYTES // len(filler)
    record = read(filler * count + HIT + b"\n" + filler * count + HIT + b"\n")
    assert lines_of(record) == [count + 1, 2 * count + 2]
    assert record.lines == 2 * count + 2


def test_a_hit_across_two_blocks_of_one_long_line(read: Read) -> None:
    """A line longer than a block comes in pieces that overlap."""
    for shift in (-len(HIT) // 2, -1, 0, 1):
        record = read(b"x" * (2 * BLOCK_BYTES + shift) + HIT + b"y" * 100 + b"\n" + HIT + b"\n")
        assert 2 in lines_of(record)
        assert record.lines == 2


def test_a_very_long_line_costs_little_memory(matcher: Matcher) -> None:
    """100 MB without a line feed, given in pieces."""
    pieces = iter([b"z" * BLOCK_BYTES] * 100 + [HIT + b"\n"])
    reader = LogReader(matcher, "job.log", Origin(), 2026)
    tracemalloc.start()
    record = reader.read(lambda _: next(pieces, b""), lambda _: None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert record.bytes >= 100 * BLOCK_BYTES
    assert peak < 40 * BLOCK_BYTES


def test_a_flood_of_hits_is_kept_small(read: Read) -> None:
    """Only the first few, the last and the number of a message are kept."""
    record = read((HIT + b"\n") * 50_000)
    assert len(record.events) <= 8
    assert max(event.count for event in record.events) >= 2000
    assert max(event.last_line for event in record.events) == 50_000


def test_a_flood_does_not_hide_another_rank(read: Read) -> None:
    """Stale literals are still looked at once a block, and others always."""
    filler = b"AssertionError: 0 active drivers ([]). There should only be one.\n"
    log = (HIT + b"\n") * 30_000 + filler + (HIT + b"\n") * 30_000 + b"[rank7]: " + HIT + b"\n"
    record = read(log)
    assert 7 in {event.origin.rank for event in record.events}
    assert 30_001 in {event.line for event in record.events}


def test_progress_is_found_at_the_end(read: Read) -> None:
    log = b"".join(b"step %d loss 1.%d\n" % (n, n) for n in range(5000))
    last = read(log).progress[-1]
    assert (last.step, last.line) == (4999, 5000)


def test_advance_counts_bytes(matcher: Matcher) -> None:
    seen: list[int] = []
    log = b"x" * 10 + b"\n"
    LogReader(matcher, "a", Origin(), 2026).read(io.BytesIO(log).read, seen.append)
    assert sum(seen) == len(log)
