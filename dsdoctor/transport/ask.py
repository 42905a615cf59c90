"""Asks many hosts for one document each, and says of the silent ones why they are silent."""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dsdoctor.transport.child import run
from dsdoctor.transport.framing import MAX_DOCUMENT, Unframer
from dsdoctor.transport.launchers import CONNECT_SECONDS, Launcher
from dsdoctor.transport.talk import Talk

GRACE_SECONDS = 5
MAX_CALLS = 64
"""Of the launcher, where hosts that spoil a call for all must be told from the others."""

_OUT_OF_TIME = re.compile(r"command timeout")
_NOT_THERE = re.compile(r"not found|No module named dsdoctor|execve\(\)|No such file or directory$")
_OWN_WORDS = re.compile(r"^dsdoctor: (?P<words>.*)")
_NOISE = re.compile(
    r"exit(?:ed with)? (?:exit )?code|sending (?:SIG|signal)|Permanently added|^hint: "
    r"|queued and waiting|^[-*=\s]*\Z"
)


@dataclass(frozen=True, slots=True)
class HostFailure:
    """A host that gave no answer, and why, as far as it is known."""

    host: str
    reason: str

    def __str__(self) -> str:
        return f"{self.host}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Answers:
    """The documents by host, in the order of the hosts, and the hosts without one.

    ``arrived`` says when each was whole, in seconds since the epoch by our clock.
    """

    documents: dict[str, bytes] = field(default_factory=dict)
    silent: tuple[HostFailure, ...] = ()
    arrived: dict[str, float] = field(default_factory=dict)


def in_words(failures: Iterable[HostFailure]) -> list[str]:
    """A line for each reason, with all hosts that have it."""
    hosts: dict[str, list[str]] = {}
    for failure in failures:
        hosts.setdefault(failure.reason, []).append(failure.host)
    return [f"{', '.join(names)}: {reason}" for reason, names in hosts.items()]


def ask(
    hosts: Sequence[str],
    remote: Sequence[str],
    launcher: Launcher,
    seconds: int,
    limit: int = MAX_DOCUMENT,
) -> Answers:
    """Run ``remote`` on every host and collect the document that it prints.

    Args:
        hosts: their names; a launcher refuses what is none.
        remote: a command that prints one document as ``framing.framed`` makes it.
        launcher: how to get there.
        seconds: that one host may take.
        limit: bytes that one document may have.
    """
    deadline = time.monotonic() + 2 * _bound(len(hosts), launcher, seconds)
    documents: dict[str, bytes] = {}
    arrived: dict[str, float] = {}
    failures: dict[str, HostFailure] = {}
    groups = deque([tuple(hosts)])
    for _ in range(MAX_CALLS):
        left = deadline - time.monotonic()
        if not groups or left <= 0:
            break
        group = groups.popleft()
        talk = Talk(group, launcher, limit)
        total = min(left, _bound(len(group), launcher, seconds))
        argv = launcher.command(group, remote, seconds)
        in_time = run(argv, launcher.env(os.environ), total, talk.take)
        overdue = "" if in_time else f"no answer in {total:.0f} s"
        answers = _answers(group, talk, _program(remote), overdue)
        documents.update(answers.documents)
        arrived.update(answers.arrived)
        failures.update((item.host, item) for item in answers.silent)
        groups.extend(_again(group, talk, answers))
    order = [host for host in dict.fromkeys((*hosts, *documents)) if host in documents]
    silent = [failures[host] for host in hosts if host in failures and host not in documents]
    return Answers({host: documents[host] for host in order}, tuple(silent), arrived)


def _program(remote: Sequence[str]) -> str:
    """What is really run, behind ``env NAME=value``."""
    if remote[0] != "env":
        return remote[0]
    return next((word for word in remote[1:] if "=" not in word), "env")


def _bound(hosts: int, launcher: Launcher, seconds: int) -> float:
    """Seconds after which a call to so many hosts is given up."""
    waves = -(-hosts // launcher.waves) if launcher.waves else 1
    return waves * (CONNECT_SECONDS + seconds) + GRACE_SECONDS


def _again(hosts: Sequence[str], talk: Talk, answers: Answers) -> list[tuple[str, ...]]:
    """Groups of hosts that another one may have kept from answering; each smaller than before."""
    if not talk.gave_up:
        return []
    rest = tuple(item.host for item in answers.silent if item.host not in talk.blamed)
    half = len(rest) // 2 if len(rest) == len(hosts) else len(rest)
    return [group for group in (rest[:half], rest[half:]) if 0 < len(group) < len(hosts)]


def _answers(hosts: Sequence[str], talk: Talk, program: str, overdue: str) -> Answers:
    """Part the hosts into those with a document and the silent ones."""
    frames, words = talk.frames(), talk.words()
    documents = {
        host: frames[host].document or b""
        for host in dict.fromkeys((*hosts, *frames))
        if host in frames and frames[host].document is not None
    }
    silent = [
        HostFailure(host, _reason(frames.get(host), words, host, program, overdue))
        for host in hosts
        if host not in documents
    ]
    return Answers(documents, tuple(silent), {host: frames[host].finished for host in documents})


def _reason(
    frame: Unframer | None,
    words: Mapping[str, Sequence[str]],
    host: str,
    program: str,
    overdue: str,
) -> str:
    """Why a host is silent: what came of its document, its own words, the launcher's."""
    if frame is not None and frame.problem:
        return f"its answer cannot be read: {frame.problem}"
    said = words.get(host, ())
    if any(_OUT_OF_TIME.search(line) for line in said):
        return "no answer in time"
    if own := [match["words"] for line in said if (match := _OWN_WORDS.match(line))]:
        return own[0]
    telling = [line for line in said if not _NOISE.search(line)]
    if telling and _NOT_THERE.search(telling[-1]):
        return f"{program} is not there ({telling[-1]})"
    if telling:
        return telling[-1]
    if frame is not None and frame.begun:
        return "its answer was cut off"
    general = [line for line in words.get("", ()) if not _NOISE.search(line)]
    return overdue or (f"no answer ({general[0]})" if general else "no answer")
