"""Host files and filters, held against DeepSpeed's own parser where it is installed."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dsdoctor.errors import SourceError
from dsdoctor.job.hostfile import MAX_BYTES, Hosts, parse_hosts, read_hosts, select, trim
from dsdoctor.job.place import Place

FOUR = "node-1 slots=8\nnode-2 slots=8\nnode-3 slots=4\nnode-4 slots=2\n"


def slots(hosts: Hosts) -> dict[str, list[int]]:
    return {host.name: list(host.slots) for host in hosts.hosts}


def kinds(hosts: Hosts) -> list[str]:
    return [problem.kind for problem in hosts.problems]


def test_a_host_file() -> None:
    """Comments only at the start of a line; what follows the number is not looked at."""
    hosts = parse_hosts(
        "# ours\n\n  node-1\tslots=2\r\n10.0.0.2 slots=1 # spare\nfd00::4 slots=3x", "h"
    )
    assert slots(hosts) == {"node-1": [0, 1], "10.0.0.2": [0], "fd00::4": [0, 1, 2]}
    assert [host.place for host in hosts.hosts] == [Place("h", n, 1) for n in (3, 4, 5)]
    assert (hosts.world_size, hosts.problems) == (6, ())


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("node-1 slots=8\nnode-1 slots=8\n", "duplicate", 2),
        ("node-1 slots=8\nnode-2\n", "bad-line", 2),
        ("node-1 slots = 8\n", "bad-line", 1),
        ("node-1 slot=8\n", "bad-line", 1),
        ("node-1 slots=\n", "bad-line", 1),
        ("node-1 max_slots=8\n", "bad-line", 1),
        ("# nothing\n", "empty", 0),
        ("", "empty", 0),
        ("node-1 slots=0\n", "no-slots", 1),
        ("node-1 slots=99999999\n", "too-many-slots", 1),
        ("node-1 slots=" + "9" * 10_000, "too-many-slots", 1),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, kind: str, line: int) -> None:
    hosts = parse_hosts(text, "h")
    assert [(problem.kind, problem.place.line) for problem in hosts.problems] == [(kind, line)]
    assert hosts.world_size <= 4096


def test_all_problems_are_told_at_once() -> None:
    hosts = parse_hosts("a slots=1\nb\na slots=2\nc slots=3\n", "h")
    assert kinds(hosts) == ["bad-line", "duplicate"]
    assert "first in line 1" in hosts.problems[1].text
    assert slots(hosts) == {"a": [0], "c": [0, 1, 2]}
    assert len(parse_hosts("bad\n" * 100_000, "h").problems) == 100


@pytest.mark.parametrize(
    ("include", "exclude", "left"),
    [
        ("", "", {"node-1": 8, "node-2": 8, "node-3": 4, "node-4": 2}),
        ("node-2@node-1:0,2", "", {"node-1": 2, "node-2": 8}),
        ("node-1:2@node-1:0@node-1:2", "", {"node-1": 2}),
        ("node-1@node-1:3", "", {"node-1": 1}),
        ("", "node-1@node-4:0", {"node-2": 8, "node-3": 4, "node-4": 1}),
        ("", "node-4:0,1", {"node-1": 8, "node-2": 8, "node-3": 4}),
    ],
)
def test_include_and_exclude(include: str, exclude: str, left: dict[str, int]) -> None:
    hosts = select(parse_hosts(FOUR, "h"), include, exclude)
    assert {name: len(each) for name, each in slots(hosts).items()} == left
    assert not hosts.problems


@pytest.mark.parametrize(
    ("include", "exclude", "kind"),
    [
        ("node-1", "node-2", "both-filters"),
        ("node-9", "", "unknown-host"),
        ("node-9:0", "", "unknown-host"),
        ("", "node-9", "unknown-host"),
        ("node-4:2", "", "unknown-slot"),
        ("", "node-4:-1", "unknown-slot"),
        ("node-1:x", "", "bad-filter"),
        ("node-1:", "", "bad-filter"),
        ("node-1:0:1", "", "bad-filter"),
        ("node-1:0,", "", "bad-filter"),
        ("x" * 70_000, "", "bad-filter"),
        ("node-1,node-2", "", "unknown-host"),
        ("", "node-1@node-2@node-3@node-4", "nothing-left"),
    ],
)
def test_filters_that_deepspeed_refuses(include: str, exclude: str, kind: str) -> None:
    place = Place("launch line", 1, 11)
    hosts = select(parse_hosts(FOUR, "h"), include, exclude, place)
    assert [(problem.kind, problem.place) for problem in hosts.problems] == [(kind, place)]


def test_num_nodes_and_num_gpus() -> None:
    """DeepSpeed takes the number of GPUs on its word, also where the file has fewer."""
    hosts = parse_hosts(FOUR, "h")
    assert trim(hosts, num_nodes=2).world_size == 16
    assert slots(trim(hosts, 4, 3))["node-4"] == [0, 1, 2]
    assert trim(hosts, num_nodes=99) == hosts
    assert kinds(trim(hosts, num_gpus=2, filtered=True)) == ["count-with-filter"]
    assert trim(hosts, num_gpus=10**12).world_size == 4 * 4096


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_bytes(b"n\xff slots=2\n")
    assert read_hosts(path).world_size == 2
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(SourceError, match="too large"):
        read_hosts(path)
    with pytest.raises(SourceError, match="cannot be read"):
        read_hosts(tmp_path / "absent")


@pytest.fixture
def runner() -> Iterator[Any]:
    """DeepSpeed's own parser."""
    module = pytest.importorskip("deepspeed.launcher.runner")
    logging.disable(logging.CRITICAL)
    yield module
    logging.disable(logging.NOTSET)


_PIECES = ["node-1", "node-2", "n3", " ", "\t", "slots=", "slots=2", "slots=8", "0", "12", "#", "x",
           " slots=1", "=", "\n", "\n", "\r\n", "node-1 slots=4\n"]  # fmt: skip
_FILTERS = ["node-1", "node-2", "n3", ":", ",", "@", "0", "1", "7", "-1", " ", "0,1", "x"]


@pytest.mark.filterwarnings("ignore")
def test_host_files_as_deepspeed_reads_them(runner: Any, tmp_path: Path) -> None:
    """It raises where we report a problem, and the pools are equal where it does not."""
    pick = random.Random(7)  # noqa: S311
    path = tmp_path / "hosts"
    read = 0
    for _ in range(3000):
        text = "".join(pick.choice(_PIECES) for _ in range(pick.randint(0, 9)))
        path.write_text(text, newline="")
        ours = read_hosts(path)
        try:
            pool = runner.fetch_hostfile(str(path))
        except ValueError:
            assert {"bad-line", "duplicate", "empty"} & set(kinds(ours)), text
        else:
            read += 1
            assert set(kinds(ours)) <= {"no-slots"}, text
            assert {name: len(each) for name, each in slots(ours).items()} == dict(pool), text
    assert read > 100


@pytest.mark.filterwarnings("ignore")
def test_filters_as_deepspeed_applies_them(runner: Any) -> None:
    pick = random.Random(11)  # noqa: S311
    hosts = parse_hosts("node-1 slots=2\nnode-2 slots=8\nn3 slots=1\n", "h")
    pool = {"node-1": 2, "node-2": 8, "n3": 1}
    read = 0
    for _ in range(5000):
        text = "".join(pick.choice(_FILTERS) for _ in range(pick.randint(1, 7)))
        include, exclude = (text, "") if pick.random() < 0.5 else ("", text)
        ours = select(hosts, include, exclude)
        try:
            theirs = runner.parse_inclusion_exclusion(pool, include, exclude)
        except ValueError:
            assert ours.problems, text
        else:
            read += 1
            assert slots(ours) == dict(theirs), text
            assert set(kinds(ours)) <= {"nothing-left"}, text
    assert read > 100
