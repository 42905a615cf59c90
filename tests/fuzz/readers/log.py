"""The reader of logs: lines, prefixes, tracebacks, and all rules of the pack."""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.logs.record import LogRecord
from tests.fuzz.choices import Choices
from tests.fuzz.guard import assert_plain
from tests.fuzz.readers.common import CASES, files, plain_seeds, record_of
from tests.fuzz.readers.log_lines import written
from tests.fuzz.target import Target
from tests.fuzz.words import anchors, sample_logs

SIZE = 256


def run(data: bytes) -> None:
    """Read one log; what is kept of it is plain text from lines that are there."""
    record = record_of(log_of(data))
    numbers = [item.line for item in (*record.events, *record.facts)]
    numbers += [line.number for line in record.tail]
    assert all(1 <= number <= record.lines + 1 for number in numbers), (numbers, record.lines)
    for text in texts_of(record):
        assert_plain(text)


def log_of(data: bytes) -> bytes:
    """The log that an input stands for: itself, or one written by its decisions."""
    return written(Choices(data[1:])) if data[:1] != b"\0" else data[1:]


def texts_of(record: LogRecord) -> Iterator[str]:
    """All that can be shown of a record."""
    for event in record.events:
        yield event.text
        yield from event.fields.values()
    for traceback in record.tracebacks:
        for link in traceback.links:
            yield f"{link.exception} {link.message}"
            yield from (f"{frame.file} {frame.function} {frame.code}" for frame in link.frames)
    yield from (fact.text for fact in record.facts)
    yield from (line.text for line in record.tail)
    yield from (item.text for item in record.progress)


def seeds() -> Iterator[bytes]:
    """Captured logs in pieces, and the samples of the rules."""
    yield from plain_seeds(files("*/job.log", below=CASES), SIZE - 1)
    yield from plain_seeds((log.encode() for log in sample_logs()), SIZE - 1)


TARGET = Target("log", run, seeds, anchors, SIZE)
