"""Listens to all hosts at once: their documents, and what they say when something goes wrong."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence

from dsdoctor.errors import UsageError
from dsdoctor.logs.clean import clean
from dsdoctor.transport.child import ERR
from dsdoctor.transport.framing import Unframer
from dsdoctor.transport.hostfile import checked_host
from dsdoctor.transport.launchers import Launcher

MAX_WORDS = 12
"""Lines of error output kept for each host, and of the launcher's own."""
MAX_WORD_CHARS = 300

_NAME = re.compile(r"[\w@.:-]+")
_TASK = re.compile(r"\btasks? (\d{1,9})\b")


class Talk:
    """What the hosts have said so far.

    Args:
        hosts: who is asked.
        launcher: through whom.
        limit: bytes of one document.
    """

    def __init__(self, hosts: Sequence[str], launcher: Launcher, limit: int) -> None:
        self._hosts = hosts
        self._known = frozenset(hosts)
        self._launcher = launcher
        self._limit = limit
        self._frames: dict[str, Unframer] = {}
        self._words: dict[str, deque[str]] = {}
        self._task_host: dict[str, str] = {}
        self._done = 0
        self.gave_up = False
        """Has the launcher said that it gives up on all hosts?"""
        self.blamed: set[str] = set()
        """Those that it names as the reason."""

    def take(self, stream: str, line: str) -> bool:
        """Take one line of the launcher; true once every host has answered."""
        for owner, text in self._launcher.pieces(line, self._hosts):
            known = owner in self._known or owner.isdecimal()
            if stream == ERR:
                self._hear(owner if known else "", text if known else line)
            elif known:
                self._feed(owner, text)
        return self._done == len(self._hosts)

    def frames(self) -> dict[str, Unframer]:
        """What arrived, by host; labels that are only numbers are replaced by who it says it is."""
        found: dict[str, Unframer] = {}
        for owner, frame in self._frames.items():
            name = owner if owner in self._known else self._name(owner, frame.host)
            if name not in found or (frame.document is not None and found[name].document is None):
                found[name] = frame
        return found

    def words(self) -> Mapping[str, Sequence[str]]:
        """The last error lines by host; those of nobody in particular under an empty name."""
        found: dict[str, list[str]] = {}
        for owner, words in self._words.items():
            name = self._task_host.get(owner, owner)
            found.setdefault(name if name in self._known else "", []).extend(words)
        return found

    def _feed(self, owner: str, text: str) -> None:
        """A line of output: most likely a piece of the document."""
        frame = self._frames.get(owner)
        if frame is None:
            if len(self._frames) >= len(self._hosts):
                return
            frame = self._frames[owner] = Unframer(self._limit)
        was_done = frame.done
        frame.feed(text)
        self._done += frame.done and not was_done

    def _hear(self, owner: str, text: str) -> None:
        """An error line: keep it for the host that said it, or that it names."""
        text = clean(text.encode())[:MAX_WORD_CHARS]
        if not owner:
            self._notice(text)
        named = [owner] if owner else self._named_in(text)
        if not owner and named and (task := _TASK.search(text)):
            self._task_host[task[1]] = named[0]
        for host in named or [""]:
            self._words.setdefault(host, deque(maxlen=MAX_WORDS)).append(text)

    def _notice(self, text: str) -> None:
        """Does the launcher itself say here that it gives up, and because of whom?"""
        pattern = self._launcher.gives_up
        if pattern is not None and (match := pattern.search(text)):
            self.gave_up = True
            self.blamed |= self._known & set(match.groupdict().values())

    def _named_in(self, text: str) -> list[str]:
        """The hosts that a line of the launcher itself is about."""
        names = (name.rstrip(":.") for name in _NAME.findall(text))
        return list(dict.fromkeys(name for name in names if name in self._known))

    def _name(self, task: str, claimed: str) -> str:
        """The host that calls itself ``claimed``: one that was asked, if any fits."""
        if claimed in self._known:
            return claimed
        short = [host for host in self._hosts if host.split(".")[0] == claimed.split(".")[0]]
        if len(short) == 1:
            return short[0]
        try:
            return checked_host(claimed)
        except UsageError:
            return f"task {task}"
