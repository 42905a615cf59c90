"""The lines around evidence, read again from the files, for who wants to see them in context.

Nothing is shown of a file that no longer says what the evidence says: it was rotated, or lies on
another host under the same name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from dsdoctor.logs.clean import clean
from dsdoctor.logs.compression import open_log, reading_errors
from dsdoctor.model import Evidence, Excerpt

BEFORE, AFTER = 4, 2
MAX_FILES = 8
MAX_PLACES = 24
MAX_LINE = 1_300
BLOCK = 1 << 18
MAX_READ = 4 << 30
"""Decompressed bytes of a file; evidence beyond stays without context."""
_ALIKE = 30


def excerpts_around(evidence: Iterable[Evidence]) -> tuple[Excerpt, ...]:
    """What could be read around the first places; those that touch each other are one."""
    by_file: dict[str, list[Evidence]] = {}
    for item in list(dict.fromkeys(item for item in evidence if item.line > 0))[:MAX_PLACES]:
        by_file.setdefault(item.file, []).append(item)
    found: list[Excerpt] = []
    for file, items in list(by_file.items())[:MAX_FILES]:
        found += _of_file(file, items)
    return tuple(found)


def _of_file(file: str, items: Sequence[Evidence]) -> Iterator[Excerpt]:
    wanted = {n for item in items for n in range(item.line - BEFORE, item.line + AFTER + 1)}
    lines = _lines(file, wanted)
    while lines and not lines[max(lines)]:  # behind the last line feed
        del lines[max(lines)]
    for run in _runs(sorted(lines)):
        if all(_says(lines, item) for item in items if item.line in run):
            yield Excerpt(file, run[0], tuple(lines[number] for number in run))


def _lines(file: str, wanted: set[int]) -> dict[int, str]:
    """These lines as text; none of what is no plain file or cannot be read."""
    try:
        if not Path(file).is_file():
            return {}
        with open_log(Path(file)) as stream:
            return {n: clean(raw) for n, raw in _read(stream, wanted).items()}
    except ValueError:  # a name with a null byte in it
        return {}
    except reading_errors():
        return {}


def _read(stream: IO[bytes], wanted: set[int]) -> dict[int, bytes]:
    """These lines, counted by line feeds, each cut."""
    found: dict[int, bytes] = {}
    number, last, room = 1, max(wanted), MAX_READ
    while number <= last and room > 0 and (block := stream.read(BLOCK)):
        end = number + block.count(b"\n")
        if not wanted.isdisjoint(range(number, end + 1)):
            for here, piece in enumerate(block.split(b"\n"), number):
                if here in wanted:
                    found[here] = (found.get(here, b"") + piece[:MAX_LINE])[:MAX_LINE]
        number = end
        room -= len(block)
    return found


def _runs(numbers: Sequence[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _says(lines: dict[int, str], item: Evidence) -> bool:
    """Does the line there have, behind any prefix, what the evidence begins with?"""
    return item.text.strip()[:_ALIKE] in lines.get(item.line, "")
