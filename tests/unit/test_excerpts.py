"""The lines around evidence."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from dsdoctor.logs import excerpts
from dsdoctor.logs.excerpts import AFTER, BEFORE, MAX_FILES, MAX_LINE, excerpts_around
from dsdoctor.model import Evidence, Excerpt


def log(folder: Path, count: int = 100) -> Path:
    path = folder / "job.log"
    path.write_text("".join(f"line {number} of the log\n" for number in range(1, count + 1)))
    return path


def at(path: Path, number: int) -> Evidence:
    return Evidence(str(path), number, f"line {number} of the log")


def numbers(found: Excerpt) -> list[int]:
    """The lines of an excerpt, which must be where it says that they are."""
    lines = list(range(found.first, found.first + len(found.lines)))
    assert found.lines == tuple(f"line {number} of the log" for number in lines)
    return lines


def test_the_neighbours_of_a_line_come_with_it(tmp_path: Path) -> None:
    (found,) = excerpts_around([at(log(tmp_path), 50)])
    assert numbers(found) == list(range(50 - BEFORE, 50 + AFTER + 1))


@pytest.mark.parametrize(("number", "first", "last"), [(1, 1, 1 + AFTER), (100, 100 - BEFORE, 100)])
def test_a_log_has_a_start_and_an_end(tmp_path: Path, number: int, first: int, last: int) -> None:
    (found,) = excerpts_around([at(log(tmp_path), number)])
    assert numbers(found) == list(range(first, last + 1))


def test_places_that_touch_are_one(tmp_path: Path) -> None:
    path = log(tmp_path)
    near, far = excerpts_around([at(path, 40), at(path, 40 + BEFORE + AFTER + 1), at(path, 90)])
    assert numbers(near)[0] == 40 - BEFORE
    assert numbers(near)[-1] == 40 + BEFORE + 2 * AFTER + 1
    assert 90 in numbers(far)


@pytest.mark.parametrize("block", [1, 7, 64, 4096])
def test_lines_are_counted_across_blocks(
    tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excerpts, "BLOCK", block)
    (found,) = excerpts_around([at(log(tmp_path), 77)])
    assert numbers(found) == list(range(77 - BEFORE, 77 + AFTER + 1))


def test_reading_ends_at_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excerpts, "BLOCK", 64)
    monkeypatch.setattr(excerpts, "MAX_READ", 200)
    assert excerpts_around([at(log(tmp_path), 77)]) == ()


def test_a_compressed_log_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "job.log.gz"
    path.write_bytes(gzip.compress(log(tmp_path).read_bytes()))
    (found,) = excerpts_around([at(path, 50)])
    assert 50 in numbers(found)


def test_a_file_that_says_something_else_by_now_is_not_shown(tmp_path: Path) -> None:
    path = log(tmp_path)
    assert excerpts_around([Evidence(str(path), 50, "CUDA out of memory")]) == ()
    assert excerpts_around([at(path, 51), Evidence(str(path), 50, "CUDA out of memory")]) == ()


def test_evidence_without_its_prefix_is_found(tmp_path: Path) -> None:
    path = tmp_path / "job.log"
    path.write_text("[rank3]: KeyError: 'truck'\n")
    (found,) = excerpts_around([Evidence(str(path), 1, "KeyError: 'truck'")])
    assert found.lines == ("[rank3]: KeyError: 'truck'",)


def test_what_is_no_plain_file_is_left_alone(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    names = [str(pipe), str(tmp_path), str(tmp_path / "absent"), "NVML", "a\0b", ""]
    assert excerpts_around([Evidence(name, 1, "") for name in names]) == ()


def test_a_damaged_file_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "job.log.gz"
    path.write_bytes(gzip.compress(b"x\n" * 1000)[:20])
    assert excerpts_around([Evidence(str(path), 5, "x")]) == ()


def test_colours_and_endless_lines_are_cut(tmp_path: Path) -> None:
    path = tmp_path / "job.log"
    path.write_bytes(b"\x1b[31mred\x1b[0m\n" + b"A" * 3_000_000 + b"\nlast\n")
    (found,) = excerpts_around([Evidence(str(path), 1, "red")])
    assert found.lines[0] == "red"
    assert len(found.lines[1]) == MAX_LINE
    assert found.lines[2] == "last"


def test_few_files_are_read(tmp_path: Path) -> None:
    items = []
    for number in range(MAX_FILES + 5):
        path = tmp_path / f"{number}.log"
        path.write_text("x\n")
        items.append(Evidence(str(path), 1, "x"))
    assert len(excerpts_around(items)) == MAX_FILES
