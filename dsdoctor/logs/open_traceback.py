"""One Python traceback in the making: which lines it takes, and what it becomes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from dsdoctor.model import ExceptionLink, Frame, Line, Origin, Traceback

HEADER = "Traceback (most recent call last)"
MAX_FRAMES = 400
MAX_MESSAGE_LINES = 40

_FILE = re.compile(r'^\s*File "([^"]+)", line (\d+)(?:, in (.+))?$')
_BOX = "│╭╰╮╯─"
_BOXED_FILE = re.compile(r"^(\S.*?):(\d+) in (\S+)$")
_KNOWN_ENDING = re.compile(
    r"^(?:[A-Za-z_]\w*\.)*_?[A-Z]\w*(?:Error|Exception|Interrupt|Exit|Warning|Timeout|Iteration"
    r"|Empty|Full|Fault|Stop|OutOfMemory)(?::|$)|^(?:[a-z_]\w*\.)+\w*[eE]rror(?::|$)|^Exception(?::|$)"
)
_ANY_CLASS = re.compile(r"^(?!Killed|Aborted)(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?::\s|$)")
_CHAIN = (
    "During handling of the above exception, another exception occurred",
    "The above exception was the direct cause of the following exception",
)
_RECORD = re.compile(
    r"^(?:\[?20\d\d-\d\d-\d\d|\[?[EWIF]\d{3,4} \d\d:|(?:ERROR|WARNING|INFO|DEBUG)\b[:| ]"
    r"|={8}|-{20})"
)


def is_header(text: str) -> bool:
    """Does a traceback start here? ``text`` has lost its prefix.

    It may follow a progress bar on the same line, or stand in a frame that rich has drawn;
    torchrun's summary quotes one after a colon.
    """
    before, header, after = text.partition(HEADER)
    if before.lstrip().startswith("╭"):
        return bool(header)
    return bool(header) and after.strip() == ":" and not before.rstrip().endswith(":")


def writer_of(origin: Origin) -> tuple[object, ...]:
    """What lines of one process have in common. A time on some only means another program."""
    return origin.rank, origin.local_rank, origin.host, origin.time is None


@dataclass(slots=True)
class _Link:
    """One exception in the making."""

    first_line: int
    frames: list[Frame] = field(default_factory=list)
    message: list[str] = field(default_factory=list)
    exception_line: int = 0
    last_line: int = 0

    def close(self) -> ExceptionLink:
        """The finished exception; its name is empty if the log was cut before it came."""
        text = "\n".join(self.message).strip()
        name, _, rest = text.partition(":")
        return ExceptionLink(
            name if self.message else "",
            rest.strip() if self.message else "",
            tuple(self.frames),
            self.first_line,
            self.exception_line or self.last_line or self.first_line,
            self.last_line or self.first_line,
        )


class OpenTraceback:
    """A traceback that still grows."""

    def __init__(self, line: Line) -> None:
        self.origin = line.origin
        self.writer = writer_of(line.origin)
        self.links = [_Link(line.number, last_line=line.number)]
        self.expects_header = False
        self.last_fed = line.number
        self._inner_first = False

    @property
    def in_frames(self) -> bool:
        """True until the exception line has come."""
        return not self.links[-1].message

    def feed(self, line: Line, raw: str) -> bool:
        """Take ``line`` if it belongs here."""
        taken = self._frames(line) if self.in_frames else self._message(line, raw)
        if taken:
            self.last_fed = line.number
            self.links[-1].last_line = line.number
        return taken

    def restart(self, line: Line) -> None:
        """Another exception of the same chain begins."""
        self.expects_header = False
        self._inner_first = line.text.strip().startswith("Original ")
        self.last_fed = line.number
        self.links.append(_Link(line.number, last_line=line.number))

    def close(self, source: str) -> Traceback:
        """The finished traceback. A data loader prints the first exception last."""
        links = [link.close() for link in self.links]
        if self._inner_first:
            links = [links[-1], *links[:-1]]
        return Traceback(source, self.origin, tuple(links))

    def _frames(self, line: Line) -> bool:
        link, text = self.links[-1], line.text
        if match := _FILE.match(text):
            if len(link.frames) < MAX_FRAMES:
                name = (match[3] or "").strip()
                link.frames.append(Frame(match[1], int(match[2]), name, "", line.number))
            return True
        if text.startswith("  "):
            return self._code(link, text)
        if text[:1] in _BOX:
            return self._boxed(link, text.strip(_BOX + " "), line.number)
        near = line.number <= self.last_fed + 1
        if _KNOWN_ENDING.match(text) or (near and _ANY_CLASS.match(text)):
            link.message.append(text)
            link.exception_line = line.number
            return True
        return False

    @staticmethod
    def _code(link: _Link, text: str) -> bool:
        """A source line or the carets under it."""
        if link.frames and not link.frames[-1].code and text.strip("~^ "):
            last = link.frames[-1]
            link.frames[-1] = replace(last, code=text.strip())
        return bool(link.frames)

    def _boxed(self, link: _Link, text: str, number: int) -> bool:
        """A line of a traceback drawn by rich, without its frame."""
        if match := _BOXED_FILE.match(text):
            link.frames.append(Frame(match[1], int(match[2]), match[3], "", number))
        elif text.startswith("❱"):
            self._code(link, text.lstrip("❱ 0123456789"))
        return True

    def _message(self, line: Line, raw: str) -> bool:
        link, text = self.links[-1], line.text
        if text.strip().startswith(_CHAIN):
            self.expects_header = True
            return True
        if self.expects_header:
            return not text.strip()
        if _RECORD.match(raw) or len(link.message) > MAX_MESSAGE_LINES or _FILE.match(text):
            return False
        if line.number > self.last_fed + 1 and line.origin == Origin():
            return False
        link.message.append(text)
        return True
