"""Which host's clock is off, and what that does to the order of events."""

from __future__ import annotations

import io

import pytest

from dsdoctor.diagnosis.explain import explain
from dsdoctor.diagnosis.material import Material
from dsdoctor.diagnosis.skew import skew_of
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.matcher import Matcher
from dsdoctor.logs.reader import LogReader
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Origin

START = (
    "[2026-01-31 10:00:{second:02d},000] [INFO] [launch.py:152:main] nnodes=3, "
    "num_local_procs=1, node_rank={node}\n"
)
STEP = "[2026-01-31 10:00:{second:02d},000] [INFO] [train.py:1:main] step {node}\n"
ERROR = (
    "[rank{node}]: Traceback (most recent call last):\n"
    '[rank{node}]:   File "/home/user/project/train.py", line {line}, in <module>\n'
    "[rank{node}]:     run()\n"
    "[rank{node}]: {what}\n"
)


def record(matcher: Matcher, node: int, start: int, error: int, what: str) -> LogRecord:
    """One host's log: start, and an error at its own clock's second ``error``."""
    log = START.format(second=start, node=node) + STEP.format(second=error, node=node)
    log += ERROR.format(node=node, what=what, line=node + 1)
    reader = LogReader(matcher, f"node-{node}.log", Origin(host=f"node-{node}"), 2026)
    return reader.read(io.BytesIO(log.encode()).read, lambda _: None)


def test_the_clock_that_is_ahead_is_named(matcher: Matcher) -> None:
    records = [
        record(matcher, 0, 1, 20, "KeyError: 'a'"),
        record(matcher, 1, 2, 20, "KeyError: 'b'"),
        record(matcher, 2, 9, 20, "KeyError: 'c'"),
    ]
    skew = skew_of(records)
    assert skew.seconds == {"node-2.log": pytest.approx(7.0)}
    assert "node-2.log: clock about 7 s ahead" in skew.notes[0]


def test_the_first_error_is_found_in_spite_of_it(matcher: Matcher, pack: Pack) -> None:
    """node-1's clock is 8 s ahead: its error at :26 came before node-0's at :20."""
    records = [
        record(matcher, 0, 1, 20, "ValueError: second"),
        record(matcher, 1, 9, 26, "KeyError: 'first'"),
        record(matcher, 2, 1, 21, "ValueError: second"),
    ]
    root = explain(Material(records), pack).verdict.root
    assert root is not None
    assert root.ranks == (1,)


def test_an_ordinary_start_is_no_skew(matcher: Matcher) -> None:
    records = [record(matcher, n, n, 20, "KeyError: 'a'") for n in range(3)]
    assert skew_of(records).seconds == {}
