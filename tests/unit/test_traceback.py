"""Tracebacks come out whole, whatever is printed in between."""

from __future__ import annotations

from dsdoctor.diagnosis.frames import user_frame
from dsdoctor.model import Traceback
from tests.conftest import Read

PLAIN = """\
Traceback (most recent call last):
  File "/home/user/project/train.py", line 8, in <module>
    main()
    ~~~~^^
  File "/home/user/venv/lib/python3.11/site-packages/torch/x.py", line 5, in wait
    work.wait()
ValueError: first line
second line
"""


def only(read: Read, log: str) -> Traceback:
    """The one traceback of ``log``."""
    (traceback,) = read(log).tracebacks
    return traceback


def test_frames_code_and_message(read: Read) -> None:
    """Carets are no code; a message may have several lines."""
    (link,) = only(read, PLAIN).links
    assert (link.exception, link.message) == ("ValueError", "first line\nsecond line")
    assert [(frame.line, frame.function, frame.code) for frame in link.frames] == [
        (8, "<module>", "main()"),
        (5, "wait", "work.wait()"),
    ]
    assert (link.first_line, link.exception_line, link.last_line) == (1, 7, 8)


def test_the_users_frame_is_the_innermost_outside_libraries(read: Read) -> None:
    frame = user_frame(only(read, PLAIN).links[0])
    assert frame is not None
    assert (frame.file, frame.line) == ("/home/user/project/train.py", 8)


def test_marked_ranks_are_kept_apart(read: Read) -> None:
    """Two ranks whose lines alternate."""
    lines = [
        line for line in PLAIN.splitlines() for line in (f"[rank0]: {line}", f"[rank1]: {line}")
    ]
    tracebacks = read("\n".join(lines) + "\n").tracebacks
    assert sorted(item.origin.rank or 0 for item in tracebacks) == [0, 1]
    assert all(len(item.links[0].frames) == 2 for item in tracebacks)


def test_unmarked_ranks_are_kept_apart_by_turns(read: Read) -> None:
    """Two unmarked processes that print the same at once."""
    log = "\n".join(line for line in PLAIN.splitlines()[:-1] for _ in range(2)) + "\n"
    tracebacks = read(log).tracebacks
    assert [len(item.links[0].frames) for item in tracebacks] == [2, 2]
    assert {item.links[0].exception for item in tracebacks} == {"ValueError"}


def test_other_output_in_between_does_no_harm(read: Read) -> None:
    lines = PLAIN.splitlines()
    lines.insert(3, "step 7 loss 0.3")
    lines.insert(5, "[2026-01-31 10:00:00,123] [INFO] [launch.py:1:main] hello")
    (link,) = only(read, "\n".join(lines) + "\n").links
    assert (link.exception, len(link.frames)) == ("ValueError", 2)


def test_chained_exceptions_keep_their_order(read: Read) -> None:
    """The first of a chain is the first raised."""
    log = PLAIN.replace("second line\n", "")
    log += "\nDuring handling of the above exception, another exception occurred:\n\n"
    log += PLAIN.replace("ValueError: first line\nsecond line", "KeyError: 'x'")
    assert [link.exception for link in only(read, log).links] == ["ValueError", "KeyError"]


def test_a_data_loaders_original_comes_first(read: Read) -> None:
    """torch prints the outer exception first, then the original."""
    log = PLAIN.replace(
        "ValueError: first line\nsecond line\n",
        "RuntimeError: Caught IndexError in DataLoader worker process 0.\n"
        "Original Traceback (most recent call last):\n"
        '  File "/home/user/project/data.py", line 3, in __getitem__\n'
        "    return x[9]\n"
        "IndexError: list index out of range\n",
    )
    assert [link.exception for link in only(read, log).links] == ["IndexError", "RuntimeError"]


def test_a_header_behind_a_progress_bar(read: Read) -> None:
    log = "steps:   4%|▍  | 212/5200 [08:44<3:25:40]" + PLAIN
    assert only(read, log).links[0].exception == "ValueError"


def test_a_traceback_quoted_by_torchrun_is_not_a_second_one(read: Read) -> None:
    log = '  traceback : Traceback (most recent call last):\n    File "x.py", line 1, in m\n'
    assert read(log).tracebacks == ()


def test_a_cut_traceback_has_no_exception(read: Read) -> None:
    """The log ends before the exception line."""
    (link,) = only(read, "\n".join(PLAIN.splitlines()[:4])).links
    assert (link.exception, len(link.frames)) == ("", 1)


def test_a_launchers_line_ends_the_message(read: Read) -> None:
    log = PLAIN + "[2026-01-31 10:00:00,123] [INFO] [launch.py:1:sigkill_handler] Killing 3\n"
    assert only(read, log).links[0].message == "first line\nsecond line"


def test_bare_exception_names(read: Read) -> None:
    log = PLAIN.replace("ValueError: first line\nsecond line\n", "AssertionError\n")
    (link,) = only(read, log).links
    assert (link.exception, link.message) == ("AssertionError", "")


def test_a_traceback_drawn_by_rich(read: Read) -> None:
    """Typer and some trainers install rich's handler."""
    width = 70
    inside = [
        "/home/user/project/train.py:10 in <module>",
        "",
        "   9 import torch",
        "❱ 10 main()",
        "/home/user/venv/lib/python3.11/site-packages/torch/x.py:5 in wait",
    ]
    box = [f"╭{' Traceback (most recent call last) ':─^{width}}╮"]
    box += [f"│ {text:<{width - 2}} │" for text in inside]
    box += [f"╰{'─' * width}╯", "ValueError: boom"]
    (link,) = only(read, "\n".join(box) + "\n").links
    assert (link.exception, link.message) == ("ValueError", "boom")
    assert [(frame.line, frame.code) for frame in link.frames] == [(10, "main()"), (5, "")]
