"""Reads what ``py-spy dump`` prints: the Python stack of each thread of a process.

One file may hold the dumps of several processes. Written after py-spy 0.3 and 0.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from dsdoctor.errors import SourceError
from dsdoctor.logs.clean import clean
from dsdoctor.logs.compression import codec_errors, open_log
from dsdoctor.logs.filename import origin_of_name
from dsdoctor.model import Frame, Origin

MAX_BYTES = 16 * 1024 * 1024
MAX_PROCESSES = 20_000
MAX_THREADS = 2_000
MAX_FRAMES = 400

_PROCESS = re.compile(r"^Process (?P<pid>\d{1,10})(?:: ?(?P<command>.*))?$")
_THREAD = re.compile(
    r"^Thread (?:0x)?[0-9A-Fa-f]{1,20}(?: \((?P<state>[\w+ /]{1,40})\))?"
    r'(?:: "(?P<name>.*)")?$'
)
_FRAME = re.compile(r"^ {4}(?P<function>\S.*?) \((?P<file>[^()]{1,1000}?):(?P<line>\d{1,9})\)$")
_NATIVE = re.compile(r"(?i)\.(?:so|dll|dylib|cpp|cc?|cuh?|hpp?|rs)(?:[.\d]*)$")
_LOCAL_RANK = re.compile(r"--local[_-]rank[= ](\d{1,6})\b")
_PID_NAME = re.compile(r"(?i)^(?:py-?_?spy|dump|stacks?)?[._-]?(?:pid[._-]?)?(\d{2,10})(?:\.|$)")
_RANK_NAME = re.compile(r"(?i)rank[_.-]?(\d{1,6})(?!\d)")
_HELPER = re.compile(
    r"_worker_loop\n|torch/distributed/(?:launcher|elastic)/|deepspeed/launcher/"
    r"|accelerate/commands/|multiprocessing/(?:resource_tracker|forkserver)\.py"
    r"|_inductor/compile_worker|subproc_pool\.py|wandb/sdk|ray/_private/"
)
"""Stacks of launchers, data-loader workers, compile helpers: they run no training step."""


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread: ``state`` as printed (``idle``, ``active+gil``), frames innermost first."""

    name: str
    state: str
    frames: tuple[Frame, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Stack:
    """The threads of one process, where the dump stands, and who it is as far as it tells."""

    file: str
    line: int
    command: str
    origin: Origin
    threads: tuple[Thread, ...] = ()

    @property
    def main(self) -> Thread | None:
        """The main thread; without names, the last one, as py-spy prints it."""
        named = [thread for thread in self.threads if thread.name == "MainThread"]
        return named[0] if named else (self.threads[-1] if self.threads else None)


def looks_like_pyspy(head: bytes) -> bool:
    """May a file that starts like this hold py-spy dumps?"""
    return bool(re.search(rb"(?m)^Process \d{1,10}: ?\S.*\r?\nPython v\d", head))


def read_pyspy(path: Path) -> list[Stack]:
    """The dumps in a file.

    Raises:
        SourceError: it cannot be read, or no stack is in it.
    """
    name = str(path)
    try:
        with open_log(path) as stream:
            data = stream.read(MAX_BYTES)
    except codec_errors() as error:
        raise SourceError(f"damaged or cut: {type(error).__name__}", location=name) from None
    stacks = parse_pyspy(data, name)
    if not stacks:
        raise SourceError("holds no py-spy dump", location=name)
    return stacks


def parse_pyspy(data: bytes, name: str) -> list[Stack]:
    """The dumps in a text; lines that are neither process, thread nor frame are passed over."""
    found: list[tuple[int, re.Match[str] | None, list[_Open]]] = []
    for number, raw in enumerate(data.split(b"\n"), 1):
        text = clean(raw)
        if match := _PROCESS.match(text):
            if len(found) >= MAX_PROCESSES:
                break
            found.append((number, match, []))
        elif match := _THREAD.match(text):
            if not found:
                found.append((number, None, []))
            _open_thread(found[-1][2], number, match)
        elif found and found[-1][2] and (match := _FRAME.match(text)):
            _add_frame(found[-1][2][-1], match)
    origin = _of_name(name)
    if len(found) > 1:  # then the file's name is not that of one rank
        origin = replace(origin, rank=None, local_rank=None)
    return [_stack(name, *parts, origin) for parts in found if parts[2]]


@dataclass(slots=True)
class _Open:
    """A thread whose frames are still being read."""

    line: int
    name: str
    state: str
    frames: list[Frame] = field(default_factory=list)


def _open_thread(threads: list[_Open], number: int, match: re.Match[str]) -> None:
    if len(threads) < MAX_THREADS:
        threads.append(_Open(number, match["name"] or "", match["state"] or ""))


def _add_frame(thread: _Open, match: re.Match[str]) -> None:
    """Keep a frame of Python; those of C and C++ (--native) differ with every build."""
    if len(thread.frames) < MAX_FRAMES and not _NATIVE.search(match["file"]):
        thread.frames.append(Frame(match["file"], int(match["line"]), match["function"]))


def _stack(
    name: str, number: int, match: re.Match[str] | None, threads: Sequence[_Open], origin: Origin
) -> Stack:
    """A process with its threads; its first line tells the pid, perhaps the local rank."""
    command = (match["command"] or "") if match else ""
    if local := _LOCAL_RANK.search(command):
        origin = replace(origin, local_rank=int(local[1]))
    if match:
        origin = replace(origin, pid=int(match["pid"]))
    closed = (Thread(item.name, item.state, tuple(item.frames), item.line) for item in threads)
    return Stack(name, number, command, origin, tuple(closed))


def _of_name(name: str) -> Origin:
    """What the file's name tells: a rank, a host, or at least the pid (``1234.txt``)."""
    origin = origin_of_name(Path(name).as_posix())
    if rank := _RANK_NAME.search(Path(name).stem):
        return replace(origin, rank=int(rank[1]))
    match = _PID_NAME.match(Path(name).name)
    return replace(origin, pid=int(match[1])) if match and origin.rank is None else origin


def trainers(stacks: Iterable[Stack]) -> list[Stack]:
    """The processes that train: no launchers, data-loader workers or compile helpers."""
    return [stack for stack in stacks if stack.main and not _HELPER.search(_flat(stack.main))]


def _flat(thread: Thread) -> str:
    """``file`` and ``function`` of each frame, a line each."""
    return "".join(f"{frame.file} {frame.function}\n" for frame in thread.frames)
