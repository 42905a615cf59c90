"""What goes into a bundle, and what is learned from it before anything is replaced."""

from __future__ import annotations

import json
import os
import platform
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import IO

from dsdoctor import __version__
from dsdoctor.cli.bundle_streams import line_blocks, open_regular, windowed
from dsdoctor.cli.explain import with_config
from dsdoctor.cli.probing import chosen, probed
from dsdoctor.diagnosis.explain import explain
from dsdoctor.diagnosis.material import read_material
from dsdoctor.errors import SourceError, UsageError
from dsdoctor.knowledge.pack import Pack, load_pack
from dsdoctor.logs.compression import codec_errors, reading_errors
from dsdoctor.logs.discover import STDIN, discover
from dsdoctor.model import Report
from dsdoctor.probes.here import this_site
from dsdoctor.probes.report import report_of
from dsdoctor.redact.private_keys import PrivateKeys
from dsdoctor.redact.redactor import Redactor
from dsdoctor.report import json_v1, preflight_text, text
from dsdoctor.report.lines import StyledLine, as_plain

Write = Callable[[IO[bytes]], None]
MAX_CONFIG = 4 << 20
WIDTH = 100
_ODD = re.compile(r"[^A-Za-z0-9._=,+@<>-]")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for."""

    paths: tuple[str, ...]
    config: Path | None
    preflight: bool
    max_log: int


@dataclass(slots=True)
class Member:
    """One file of the bundle. ``write`` writes what is left of it when all is redacted."""

    name: str
    origin: str
    write: Write
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Source:
    """A log on disk, its place in the bundle, and whether it may be a link."""

    path: Path
    name: str
    follow: bool


@dataclass(slots=True)
class Contents:
    """The members, and what was left out and why."""

    members: list[Member] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def contents(wish: Wish, redactor: Redactor | None) -> Contents:
    """Find, diagnose and learn; after this every member can be written.

    Raises:
        UsageError: there is nothing to read, or the configuration cannot be read.
    """
    result = Contents()
    sources = _sources(wish.paths, redactor is not None, result.left_out)
    pack = load_pack()
    report = _diagnosed(sources, wish, pack, result.left_out)
    checked = _checked(pack) if wish.preflight else None
    if redactor is not None:
        _learn(sources, wish, redactor, [report, *([checked] if checked else [])])
    names = Unique(redactor)
    for source in sources:
        write = _log_writer(source, wish.max_log, redactor)
        result.members.append(Member(names.of(f"logs/{source.name}"), str(source.path), write))
    if wish.config:
        write = _text_writer(lambda path=wish.config: _config_text(path), redactor)  # type: ignore[misc]
        name = names.of(f"config/{wish.config.name}")
        result.members.append(Member(name, str(wish.config), write))
    result.members += _report_members(report, "report", text.render, redactor)
    result.members.append(_inventory(report, redactor))
    if checked:
        result.members += _report_members(checked, "preflight", preflight_text.render, redactor)
    return result


class Unique:
    """Names inside of the bundle: harmless, redacted, and each only once."""

    def __init__(self, redactor: Redactor | None) -> None:
        self._redactor = redactor
        self._used: set[str] = set()

    def of(self, name: str) -> str:
        """The name to use for ``name``; a part of ``..`` or a line feed does not get through."""
        done = self._redactor.text(name) if self._redactor else name
        parts = [_ODD.sub("_", part)[-120:] for part in done.split("/")]
        parts = [part if part.strip(".") else "_" for part in parts if part]
        clean, number = "/".join(parts), 1
        while (unique := clean if number == 1 else f"{clean}-{number}") in self._used:
            number += 1
        self._used.add(unique)
        return unique


def _sources(paths: tuple[str, ...], redacting: bool, left_out: list[str]) -> list[Source]:
    """The logs that can be read, in order."""
    if STDIN in paths:
        raise UsageError("standard input can be read only once", hint="save it to a file first")
    found: list[Source] = []
    for path in paths:
        seen = discover([path])
        left_out += seen.notes
        folder = Path(path) if Path(path).is_dir() else None
        for file in seen.paths:
            reason = _refused(file, folder, redacting)
            if reason:
                left_out.append(f"{file}: {reason}")
                continue
            name = str(file.relative_to(folder)) if folder else file.name
            found.append(Source(file, name, follow=folder is None))
    if not found:
        raise SourceError("nothing to bundle: " + "; ".join(left_out[:5]))
    return list({source.path.resolve(): source for source in found}.values())


def _refused(file: Path, folder: Path | None, redacting: bool) -> str:
    """Why a file stays out; empty if it goes in."""
    if folder and file.is_symlink():
        return "a link; name the file itself to have it in"
    try:
        with open_regular(file, follow=folder is None) as stream:
            head = stream.read(4096)
    except SourceError as error:
        return error.message
    except codec_errors() as error:
        return f"cannot be read: {error}"
    if redacting and b"\0" in head:
        return "binary data, which cannot be redacted"
    return ""


def _diagnosed(sources: list[Source], wish: Wish, pack: Pack, notes: list[str]) -> Report:
    """The report that ``dsdoctor explain`` would give."""
    material = read_material([source.path for source in sources], pack)
    report = explain(material, pack, 0.0, notes)
    if wish.config:
        report = with_config(report, wish.config, pack, trainer=False)
    # the time that it took would make two bundles of the same files differ
    return replace(report, coverage=replace(report.coverage, seconds=0.0))


def _checked(pack: Pack) -> Report:
    """What preflight finds here, with the probes that use no GPU for long."""
    started = time.perf_counter()
    results = probed(chosen((), (), deep=False), this_site(None), pack)
    return report_of(results, seconds=time.perf_counter() - started)


def _blocks(source: Source, limit: int) -> Iterator[bytes]:
    """The log in blocks of whole lines; one that breaks off says so in its last line."""
    try:
        with open_regular(source.path, follow=source.follow) as stream:
            yield from windowed(line_blocks(stream), limit)
    except reading_errors() as error:
        reason = error.message if isinstance(error, SourceError) else str(error)
        yield f"\n[dsdoctor: the log cannot be read further: {reason}]\n".encode()


def _learn(sources: list[Source], wish: Wish, redactor: Redactor, reports: list[Report]) -> None:
    for source in sources:
        for block in _blocks(source, wish.max_log):
            redactor.learn(block)
    if wish.config:
        redactor.learn(_config_text(wish.config).encode())
    for report in reports:
        redactor.learn_report(report)


def _log_writer(source: Source, limit: int, redactor: Redactor | None) -> Write:
    def write(out: IO[bytes]) -> None:
        keys = PrivateKeys()
        for block in _blocks(source, limit):
            out.write(redactor.block(block, keys) if redactor else block)

    return write


def _text_writer(read: Callable[[], str], redactor: Redactor | None) -> Write:
    def write(out: IO[bytes]) -> None:
        text = read()
        out.write((redactor.text(text) if redactor else text).encode("utf-8", "replace"))

    return write


def _config_text(path: Path) -> str:
    with open_regular(path, follow=True) as stream:
        return stream.read(MAX_CONFIG).decode("utf-8", "replace")


def _report_members(
    report: Report, name: str, render: Callable[..., list[StyledLine]], redactor: Redactor | None
) -> list[Member]:
    """The report for programs and for people."""

    @cache
    def shown() -> Report:
        return redactor.report(report) if redactor else report

    return [
        Member(f"{name}.json", "dsdoctor", lambda out: _put(out, json_v1.render(shown()))),
        Member(
            f"{name}.txt",
            "dsdoctor",
            lambda out: _put(out, as_plain(render(shown(), WIDTH, verbose=True))),
        ),
    ]


def _put(out: IO[bytes], text: str) -> None:
    out.write(text.encode("utf-8", "replace"))


def _inventory(report: Report, redactor: Redactor | None) -> Member:
    """What this machine is and what versions the logs name."""
    facts = {
        "dsdoctor": __version__,
        "bundled_on": {
            "system": platform.system(),
            "kernel": platform.release(),
            "machine": platform.machine(),
            "python": platform.python_version(),
            "cpus": os.cpu_count(),
        },
        "versions_in_logs": dict(report.versions),
    }
    return Member(
        "inventory.json",
        "dsdoctor",
        _text_writer(lambda: json.dumps(facts, indent=2, sort_keys=True) + "\n", redactor),
    )
