"""Files, folders, globs and archives."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from dsdoctor.errors import SourceError
from dsdoctor.logs.discover import discover
from dsdoctor.logs.matcher import Matcher
from dsdoctor.logs.read import read_logs

LOG = (
    b"one\nAssertionError: Check batch related parameters. train_batch_size is not equal to "
    b"micro_batch_per_gpu * gradient_acc_step * world_size 64 != 1 * 8 * 2\n"
)


def _utf16(text: bytes) -> bytes:
    return text.decode("latin-1").encode("utf-16")


@pytest.mark.parametrize(
    "compress",
    [bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.compress],
    ids=["plain", "gzip", "bzip2", "xz", "zstd"],
)
def test_archives_are_known_by_their_content(
    tmp_path: Path, matcher: Matcher, compress: Callable[[bytes], bytes]
) -> None:
    """The name says nothing: all are called job.log."""
    path = tmp_path / "job.log"
    path.write_bytes(compress(LOG))
    (record,) = read_logs([path], matcher)
    assert (record.bytes, record.lines, bool(record.events)) == (len(LOG), 2, True)


@pytest.mark.parametrize(
    "compress", [gzip.compress, bz2.compress, lzma.compress, zstandard.compress]
)
def test_a_cut_archive_gives_what_can_be_read(
    tmp_path: Path, matcher: Matcher, compress: Callable[[bytes], bytes]
) -> None:
    """A clear note, and no crash."""
    path = tmp_path / "job.log"
    whole = compress(LOG + bytes(range(256)) * 4000)
    path.write_bytes(whole[: len(whole) // 2])
    (record,) = read_logs([path], matcher)
    assert record.notes or record.bytes <= len(LOG) + 256 * 4000


@pytest.mark.parametrize(
    "compress",
    [gzip.compress, bz2.compress, lzma.compress, zstandard.compress, _utf16],
    ids=["gzip", "bzip2", "xz", "zstd", "utf-16"],
)
def test_a_damaged_file_raises_what_counts_as_damage(
    tmp_path: Path, matcher: Matcher, compress: Callable[[bytes], bytes]
) -> None:
    """Whatever byte is hit, and wherever it is cut; no other exception is taken for damage."""
    chance, path = random.Random(7), tmp_path / "job.log"  # noqa: S311
    whole = compress(LOG * 3 + chance.randbytes(300))
    for _ in range(150):
        data = bytearray(whole[: chance.randrange(7, len(whole))])
        for _ in range(chance.randrange(3)):
            data[chance.randrange(6, len(data))] = chance.randrange(256)
        path.write_bytes(data)
        (record,) = read_logs([path], matcher)
        assert all("damaged or cut" in note or "binary" in note for note in record.notes)


def test_a_bug_of_a_reader_is_not_blamed_on_the_file(
    tmp_path: Path, matcher: Matcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(Matcher, "events", fail)
    path = tmp_path / "job.log"
    path.write_bytes(LOG)
    with pytest.raises(KeyError):
        read_logs([path], matcher)


def test_a_folder_is_searched_by_sensible_names(tmp_path: Path) -> None:
    for name in ("job.log", "a/rank_1.log.gz", "a/slurm-7.out", "a/stderr", "b/x.txt.zst"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x\n")
    for name in ("model.bin", "requirements.txt", "a/events.tfevents", "train.py", "vocab.txt"):
        (tmp_path / name).write_bytes(b"x\n")
    found = {str(path.relative_to(tmp_path)) for path in discover([str(tmp_path)]).paths}
    assert found == {"job.log", "a/rank_1.log.gz", "a/slurm-7.out", "a/stderr", "b/x.txt.zst"}


def test_rank_2_comes_before_rank_10(tmp_path: Path) -> None:
    for rank in (10, 2, 1):
        (tmp_path / f"rank_{rank}.log").write_bytes(b"x\n")
    names = [path.name for path in discover([str(tmp_path)]).paths]
    assert names == ["rank_1.log", "rank_2.log", "rank_10.log"]


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "job.log").write_bytes(b"x\n")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert len(discover([str(tmp_path)]).paths) == 1


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "job.log"
    path.write_bytes(b"x\n")
    assert len(discover([str(path), str(tmp_path), str(tmp_path / "*.log")]).paths) == 1


@pytest.mark.parametrize("name", ["absent.log", "absent/*.log"])
def test_nothing_there_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError, match="no such file"):
        discover([str(tmp_path / name)])


def test_a_folder_without_logs_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_bytes(b"x\n")
    with pytest.raises(SourceError, match="no log among 1 files"):
        discover([str(tmp_path)])


def test_an_unreadable_file_among_others_is_noted(tmp_path: Path, matcher: Matcher) -> None:
    good, bad = tmp_path / "a.log", tmp_path / "b.log"
    good.write_bytes(LOG)
    bad.symlink_to(tmp_path / "gone.log")
    records = read_logs([good, bad], matcher)
    assert records[0].events
    assert "b.log" in records[1].notes[0]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read(tmp_path: Path, matcher: Matcher, encoding: str) -> None:
    """PowerShell writes it; the byte order mark tells."""
    path = tmp_path / "job.log"
    mark = {"utf-16": b"", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}[encoding]
    path.write_bytes(mark + LOG.decode().encode(encoding))
    (record,) = read_logs([path], matcher)
    assert (record.lines, [event.line for event in record.events]) == (2, [2])


def test_binary_data_is_noted(tmp_path: Path, matcher: Matcher) -> None:
    path = tmp_path / "model.log"
    path.write_bytes(bytes(range(256)) * 64)
    (record,) = read_logs([path], matcher)
    assert "binary" in record.notes[0]


def test_links_that_lead_round_in_circles(tmp_path: Path, matcher: Matcher) -> None:
    """To itself, to each other, to the folder above: what is a log is read, once."""
    (tmp_path / "job.log").write_bytes(LOG)
    (tmp_path / "self.log").symlink_to("self.log")
    (tmp_path / "a.log").symlink_to("b.log")
    (tmp_path / "b.log").symlink_to("a.log")
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "again.log").symlink_to("job.log")
    found = discover([str(tmp_path)])
    records = read_logs(found.paths, matcher)
    assert [len(record.events) for record in records if record.events] == [1]
    assert all(record.notes for record in records if not record.events)
