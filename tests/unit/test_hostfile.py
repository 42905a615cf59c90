"""Which hosts there are."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dsdoctor.errors import UsageError
from dsdoctor.transport.hostfile import (
    MAX_HOSTFILE_BYTES,
    checked_host,
    expand_node_list,
    parse_hostfile,
    read_hostfile,
)


def test_hosts_of_a_deepspeed_host_file(tmp_path: Path) -> None:
    """Comments and empty lines are passed over; slots and repetitions do not matter here."""
    path = tmp_path / "hosts"
    path.write_text(
        "# the cluster\nnode-1 slots=8\n\n  10.0.0.2 slots=8  # spare\nnode_3\nfd00::4 slots=1\n"
        "node-1 slots=8\r\n"
    )
    assert read_hostfile(path) == ["node-1", "10.0.0.2", "node_3", "fd00::4"]


@pytest.mark.parametrize(
    "line",
    ["node-1 8", "node-1 slots=", "-oProxyCommand=x slots=8", "a,b slots=8", "node[1-4] slots=8",
     "user@node slots=8", "^/etc/passwd slots=1", "$(id) slots=1", "a;b", "a/b", "ä slots=1"],
)  # fmt: skip
def test_what_is_no_host_is_refused_with_its_line(line: str) -> None:
    """Launchers would take some of these for options, lists or commands."""
    with pytest.raises(UsageError) as caught:
        parse_hostfile(f"node-0 slots=8\n{line}\n", "hosts")
    assert caught.value.location == "hosts:2"


def test_an_empty_a_huge_and_an_absent_host_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no host is named"):
        parse_hostfile("# nothing\n", "hosts")
    (tmp_path / "huge").write_bytes(b"#" * (MAX_HOSTFILE_BYTES + 1))
    with pytest.raises(UsageError, match="too large"):
        read_hostfile(tmp_path / "huge")
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_hostfile(tmp_path / "absent")


def test_a_name_ends_where_it_ends() -> None:
    """A line feed at the end must not slip through."""
    with pytest.raises(UsageError):
        checked_host("node-1\n")


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("gpu1", ["gpu1"]),
        ("gpu[001-003,7],login1", ["gpu001", "gpu002", "gpu003", "gpu7", "login1"]),
        ("r[1-2]n[08-09]", ["r1n08", "r1n09", "r2n08", "r2n09"]),
        ("a-[9-10].hpc.example", ["a-9.hpc.example", "a-10.hpc.example"]),
    ],
)
def test_node_lists_of_slurm(text: str, hosts: list[str]) -> None:
    """As `scontrol show hostnames` would expand them."""
    assert expand_node_list(text) == hosts


@pytest.mark.parametrize("text", ["", "a[1-", "a[x]", "a[1-99999999]", "a[0-999]b[0-999]", "-a[1]"])
def test_node_lists_that_are_none(text: str) -> None:
    with pytest.raises(UsageError):
        expand_node_list(text)


def test_racks_add_up_and_do_not_multiply() -> None:
    hosts = expand_node_list("a[001-150],b[001-150]")
    assert (len(hosts), hosts[0], hosts[-1]) == (300, "a001", "b150")


@pytest.mark.parametrize(
    "text",
    ["a[0-16383]" * 6000, "a[" + ",".join(["0-16383"] * 8000) + "]", "a[0-16000],b[0-16000]"],
    ids=["multiplied", "listed", "added"],
)
def test_a_short_list_of_very_many_hosts_costs_nothing(text: str) -> None:
    started = time.process_time()
    with pytest.raises(UsageError, match="too many hosts"):
        expand_node_list(text)
    assert time.process_time() - started < 0.5
