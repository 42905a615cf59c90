"""Small files that expand to very much."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from dsdoctor.logs import expansion
from dsdoctor.logs.compression import codec_errors, open_log
from dsdoctor.logs.expansion import ExpansionError
from dsdoctor.logs.matcher import Matcher
from dsdoctor.logs.read import read_logs

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
}
FREE = 1 << 18


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb of a few megabytes is enough then."""
    monkeypatch.setattr(expansion, "FREE", FREE)


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("kind", PACKERS)
def test_a_bomb_is_read_in_part_and_told_of(kind: str, tmp_path: Path, matcher: Matcher) -> None:
    path = tmp_path / f"job.log.{kind}"
    error = b"Traceback (most recent call last):\nRuntimeError: boom\n"
    path.write_bytes(b"".join(map(PACKERS[kind], (error, *[bytes(FREE)] * 16))))
    (record,) = read_logs([path], matcher)
    assert any("expands to more than 200 times its size" in note for note in record.notes)
    assert record.tracebacks
    assert record.bytes < 8 * FREE


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("kind", PACKERS)
def test_a_log_that_compresses_well_is_read_to_its_end(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "job.log"
    lines = b"".join(b"step %d loss %d\n" % (i, hash(str(i))) for i in range(30_000))
    path.write_bytes(PACKERS[kind](lines))
    assert len(lines) > 2 * FREE
    with open_log(path) as stream:
        assert b"".join(iter(lambda: stream.read(1 << 16), b"")) == lines


@pytest.mark.usefixtures("_small")
def test_it_can_be_caught_as_an_error_of_reading(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(bz2.compress(bytes(32 * FREE)))
    with open_log(path) as stream, pytest.raises(ExpansionError):
        list(iter(lambda: stream.read(1 << 16), b""))
    assert issubclass(ExpansionError, codec_errors())


@pytest.mark.skipif(not os.environ.get("DSDOCTOR_LONG"), reason="a minute: DSDOCTOR_LONG=1")
@pytest.mark.parametrize("kind", PACKERS)
def test_ten_gigabytes_of_nothing(kind: str, tmp_path: Path, matcher: Matcher) -> None:
    path = tmp_path / f"job.log.{kind}"
    path.write_bytes(PACKERS[kind](bytes(100 << 20)) * 103)
    started = time.process_time()
    (record,) = read_logs([path], matcher)
    assert time.process_time() - started < 30
    assert record.bytes < 300 << 20
