"""Reads logs where they lie: every host scans its own, and only what it found travels."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

from dsdoctor.errors import UsageError
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.discover import STDIN
from dsdoctor.logs.harmless import ForeignError
from dsdoctor.logs.record import LogRecord
from dsdoctor.logs.travel import Parcel, unpack
from dsdoctor.transport.ask import HostFailure, ask
from dsdoctor.transport.launchers import Launcher, launcher_named
from dsdoctor.transport.shared import notes_on, once, taken_in

REMOTE_COMMAND = "dsdoctor"
SECONDS = 300
MAX_TOTAL = 512 * 1024 * 1024
"""Bytes of all answers together, unpacked."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What all hosts together have found.

    ``records`` come in the order of the hosts, each called ``host:path``, or ``path`` where hosts
    share it; ``silent`` are the hosts without an answer; ``notes`` what the others passed over.
    """

    records: list[LogRecord] = field(default_factory=list)
    silent: list[HostFailure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def gather(
    hosts: Sequence[str],
    paths: Sequence[str],
    pack: Pack,
    launcher: Launcher | None = None,
    timeout: int = SECONDS,
    remote_command: str = REMOTE_COMMAND,
) -> Gathered:
    """Scan ``paths`` on each of ``hosts`` and bring the findings together.

    Args:
        hosts: names or addresses, as of a host file.
        paths: files, folders, globs, as they are called there; relative ones as seen from here.
        pack: our rules, by which the lines are judged.
        launcher: how to reach the hosts; by default the best that is here.
        timeout: seconds that one host may take.
        remote_command: what dsdoctor is called there, words as in a shell.

    Raises:
        UsageError: there is no launcher, or a host or path cannot be used.
    """
    remote = [*words_of(remote_command), "scan", "--framed", "--", *map(_there, paths)]
    answers = ask(hosts, remote, launcher or launcher_named(None), timeout)
    result = Gathered(silent=list(answers.silent))
    found: list[tuple[str, LogRecord]] = []
    left = MAX_TOTAL
    while answers.documents:
        host = next(iter(answers.documents))
        document = answers.documents.pop(host)
        left -= len(document)
        if parcel := _opened(result, host, document if left >= 0 else b""):
            found.extend((host, record) for record in parcel.records)
            result.notes.extend(f"{host}: {note}" for note in parcel.notes)
    told = once(found)
    result.records.extend(taken_in(record, senders, pack) for record, senders in told)
    result.notes.extend(notes_on(told))
    return result


def _opened(result: Gathered, host: str, document: bytes) -> Parcel | None:
    """The answer of one host; if it cannot be used, the host is silent."""
    if not document:
        result.silent.append(HostFailure(host, "all answers together are too much"))
        return None
    try:
        return unpack(document)
    except ForeignError as error:
        result.silent.append(HostFailure(host, f"its answer cannot be read: {error.message}"))
        return None


def words_of(command: str) -> list[str]:
    """The words of the remote command."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"the remote command cannot be read: {error}") from None
    if not words or words[0].startswith("-"):
        raise UsageError("the remote command is empty or an option", hint=REMOTE_COMMAND)
    return words


def _there(path: str) -> str:
    """A path as the other hosts understand it: they start in another folder."""
    if path == STDIN:
        raise UsageError("standard input is on no other host", hint="name files or folders")
    return os.path.abspath(path)  # noqa: PTH100 - a glob, and ".." of a link, stay as they are
