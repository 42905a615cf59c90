"""What is said about a bundle: its manifest, the dry run, the closing lines."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, cast

from dsdoctor import __version__
from dsdoctor.cli.bundle_archive import SPOOL_BYTES, Packed
from dsdoctor.cli.bundle_contents import Contents, Member
from dsdoctor.logs.clean import clean
from dsdoctor.redact.redactor import Redactor

SCHEMA = "dsdoctor.bundle/1"
SAMPLES = 2
_MARK = re.compile(rb"<redacted:([a-z-]{1,40})>")
_AROUND = 60


def manifest(packed: Sequence[Packed], left_out: Sequence[str], redactor: Redactor | None) -> str:
    """What is in the bundle and what was replaced: counts and placeholders, no originals."""
    hide = redactor.text if redactor else str
    return _json(
        {
            "schema": SCHEMA,
            "dsdoctor": __version__,
            "redacted": redactor is not None,
            "files": [
                {
                    "name": item.name,
                    "from": hide(item.origin),
                    "bytes": item.bytes,
                    "sha256": item.sha256,
                }
                for item in packed
            ],
            "left_out": [hide(line) for line in left_out],
            "replaced": redactor.replaced if redactor else {},
            "placeholders": redactor.placeholders if redactor else [],
        }
    )


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=True) + "\n"


def dry_run(contents: Contents, redactor: Redactor | None) -> Iterator[str]:
    """Every file with its size, what would be replaced, and a few lines as they would read."""
    samples: dict[str, list[str]] = {}
    for member in contents.members:
        with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as spool:
            member.write(cast("IO[bytes]", spool))
            yield f"{_shown(member.name)}  {_size(spool.tell())}"
            spool.seek(0)
            _sample(member, cast("IO[bytes]", spool), samples)
    yield from (f"left out: {_shown(line)}" for line in contents.left_out)
    if redactor is None:
        yield "nothing would be replaced: --no-redact"
        return
    yield from _replaced(redactor)
    for kind in sorted(samples):
        yield from (f"  {kind}: {line}" for line in samples[kind])
    yield "nothing was written (--dry-run)"


def _sample(member: Member, lines: IO[bytes], samples: dict[str, list[str]]) -> None:
    """Note where a kind of secret was: the line around its mark, so nothing of it is shown."""
    for number, line in enumerate(lines, 1):
        for match in _MARK.finditer(line):
            seen = samples.setdefault(match[1].decode(), [])
            if len(seen) < SAMPLES:
                around = line[max(0, match.start() - _AROUND) : match.end() + _AROUND]
                seen.append(f"{member.name}:{number}: {clean(around.strip())}")


def _replaced(redactor: Redactor) -> Iterator[str]:
    counts = redactor.replaced
    if not counts:
        yield "replaced: nothing was found"
        return
    yield "replaced: " + ", ".join(f"{count} x {kind}" for kind, count in counts.items())
    if names := redactor.names:
        yield "different ones: " + ", ".join(f"{count} x {kind}" for kind, count in names.items())


def summary(
    output: Path, size: int, contents: Contents, redactor: Redactor | None
) -> Iterator[str]:
    """The closing lines."""
    yield f"{_shown(str(output))}: {len(contents.members) + 1} files, {_size(size)}"
    yield from (f"left out: {_shown(line)}" for line in contents.left_out)
    if redactor is None:
        yield "not redacted: it holds whatever the logs hold"
        return
    yield from _replaced(redactor)
    yield "look through it before you send it: no program knows every secret"


def _shown(text: str) -> str:
    return clean(text.encode("utf-8", "replace"))


def _size(count: int) -> str:
    return f"{count:,} bytes" if count < 10_000 else f"{count / 1e6:,.2f} MB"
