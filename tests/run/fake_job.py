"""A job of a few lines: what it does is its first argument. It says "ready" when it may be hit."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

HEARD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2,
         signal.SIGQUIT, signal.SIGWINCH, signal.SIGCONT)  # fmt: skip


def say(text: str, stream: int = 1) -> None:
    os.write(stream, text.encode())


def ends(word: str) -> None:
    """Both streams, what they are, and then the end: a code or a signal."""
    os.write(1, b"to stdout, no line end\x00\xff\x1b[31m")
    say("to stderr\r\n", 2)
    say(f"{[os.isatty(number) for number in (0, 1, 2)]}\n")
    if word.isdecimal():
        os._exit(int(word))
    if word != "SIGKILL":
        signal.signal(getattr(signal, word), signal.SIG_DFL)
    os.kill(os.getpid(), getattr(signal, word))
    time.sleep(60)


def hang() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    say("ready\n")
    time.sleep(60)


def listen(word: str) -> None:
    """Say each signal that arrives; the end comes with the given number of them."""
    left = int(word)

    def heard(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        nonlocal left
        left -= 1
        say(f"got {signal.Signals(number).name}\n")
        if left == 0:
            # one that came twice would be heard now
            time.sleep(0.4)
            os._exit(9)

    for number in HEARD:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, heard)
    say("ready\n")
    while True:
        time.sleep(60)


def both(word: str) -> None:
    """The two streams in turn: their order is seen where they go to one place."""
    for number in range(int(word)):
        say(f"out {number}\n")
        say(f"err {number}\n", 2)


def variables(*names: str) -> None:
    for name in names:
        say(f"{name}={os.environ.get(name)}\n")


def read() -> None:
    say("ready\n")
    say(f"read {sys.stdin.readline()!r}\n")


def size() -> None:
    """The terminal's, at first and at each change."""

    def tell(*_: object) -> None:
        found = os.get_terminal_size(1)
        say(f"size {found.columns}x{found.lines}\n")

    signal.signal(signal.SIGWINCH, tell)
    tell()
    say("ready\n")
    while True:
        time.sleep(60)


def slow(path: str) -> None:
    """Prints for two seconds, and says in a file that it came to its end."""
    say("ready\n")
    for number in range(20):
        say(f"line {number}\n")
        time.sleep(0.1)
    with open(path, "w", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write("done")


def daemon() -> None:
    """A child that keeps the output open, and prints once more, after its parent is gone."""
    if os.fork() == 0:
        time.sleep(1.5)
        say("late\n")
        os._exit(0)
    say("early\n")


def flood(word: str) -> None:
    """So many MiB without a line end."""
    for _ in range(int(word)):
        os.write(1, b"x" * (1 << 20))


def endless() -> None:
    """Until nobody reads."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    while True:
        os.write(1, b"y\n" * 4096)


def descriptors() -> None:
    """Say to descriptor 7 which ones are open."""
    found = []
    for number in range(9):
        with suppress(OSError):
            os.fstat(number)
            found.append(number)
    os.write(7, str(found).encode())


def fail() -> None:
    """As a job dies that dsdoctor knows."""
    say("Traceback (most recent call last):\n", 2)
    say('  File "train.py", line 5, in <module>\n    engine.step()\n', 2)
    say(
        "AssertionError: Check batch related parameters. train_batch_size is not equal to "
        "micro_batch_per_gpu * gradient_acc_step * world_size 64 != 1 * 8 * 2\n",
        2,
    )
    sys.exit(1)


MODES: dict[str, Callable[..., None]] = {
    item.__name__: item
    for item in (
        both, daemon, descriptors, endless, ends, fail, flood, hang, listen, read, size, slow,
        variables,
    )
}  # fmt: skip

if __name__ == "__main__":
    MODES[sys.argv[1]](*sys.argv[2:])
