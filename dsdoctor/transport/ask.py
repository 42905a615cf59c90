"""Asks many hosts for one document each, and says of the silent ones why they are silent."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dsdoctor.transport.child import run
from dsdoctor.transport.framing import MAX_DOCUMENT, Unframer
from dsdoctor.transport.launchers import CONNECT_SECONDS, Launcher
from dsdoctor.transport.talk import Talk

GRACE_SECONDS = 5

_OUT_OF_TIME = re.compile(r"command timeout")
_NOT_THERE = re.compile(r"not found|No module named dsdoctor|execve\(\)|No such file or directory$")
_OWN_WORDS = re.compile(r"^dsdoctor: (?P<words>.*)")
_NOISE = re.compile(
    r"exit(?:ed with)? (?:exit )?code|sending (?:SIG|signal)|Permanently added|^hint: |^[-*=\s]*\Z"
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
    """The documents by host, in the order of the hosts, and the hosts without one."""

    documents: dict[str, bytes] = field(default_factory=dict)
    silent: tuple[HostFailure, ...] = ()


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
    talk = Talk(hosts, launcher, limit)
    waves = -(-len(hosts) // launcher.waves) if launcher.waves else 1
    total = waves * (CONNECT_SECONDS + seconds) + GRACE_SECONDS
    argv = launcher.command(hosts, remote, seconds)
    in_time = run(argv, launcher.env(os.environ), total, talk.take)
    return _answers(hosts, talk, remote[0], "" if in_time else f"no answer in {total} s")


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
    return Answers(documents, tuple(silent))


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
    return overdue or (f"no answer ({general[-1]})" if general else "no answer")
