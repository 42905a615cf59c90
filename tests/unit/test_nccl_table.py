"""NCCL_DEBUG output of several versions becomes a table."""

from __future__ import annotations

import re
import time

import pytest

from dsdoctor.diagnosis.nccl import NcclTable, nccl_lines, nccl_table
from dsdoctor.logs import nccl
from tests.conftest import Read
from tests.unit.nccl_lines import both, channels, done, say, single_host, start, two_hosts


def table_of(read: Read, log: str) -> NcclTable:
    return nccl_table([read(log)])


OLD = (
    "box:100:900 [0] NCCL INFO comm 0x7fdf18000d00 rank 0 nranks 2 cudaDev 0 busId a2000 "
    "- Init COMPLETE\n"
    "box:101:901 [1] NCCL INFO comm 0x7fdf24000d00 rank 1 nranks 2 cudaDev 1 busId a3000 "
    "- Init COMPLETE\n"
)
FIRST_IDS = (
    "box:100:900 [0] NCCL INFO comm 0x557e83314500 rank 0 nranks 2 cudaDev 0 nvmlDev 0 busId 4f000 "
    "commId 0x9ad9b5e4ab2566da - Init {word}\n"
    "box:101:901 [1] NCCL INFO comm 0x55d8ac4ad300 rank 1 nranks 2 cudaDev 1 nvmlDev 1 busId 52000 "
    "commId 0x9ad9b5e4ab2566da - Init {word}\n"
)
SPLIT = (
    "box:10{rank}:900 [{rank}] NCCL INFO ncclCommSplit comm 0x559d{rank} rank {rank} nranks 2 "
    "cudaDev {rank} nvmlDev {rank} busId 3e000 parent 0x559e{rank} splitCount 1 color 1734919490 "
    "key {rank}{gap}- Init {word}\n"
)
TIMED = "[2026-01-31 10:00:0{second}] "


@pytest.mark.parametrize(
    "log",
    [
        pytest.param(OLD, id="2.10 to 2.16"),
        pytest.param(FIRST_IDS.format(word="START") + FIRST_IDS.format(word="COMPLETE"), id="2.17"),
        pytest.param(both("box", 0, 0, 2) + both("box", 1, 1, 2), id="2.20"),
        pytest.param(
            "".join(SPLIT.format(rank=rank, gap="", word="START") for rank in (0, 1))
            + "".join(SPLIT.format(rank=rank, gap=" ", word="COMPLETE") for rank in (0, 1)),
            id="split, 2.22",
        ),
    ],
)
def test_a_communicator_in_each_format(read: Read, log: str) -> None:
    (item,) = table_of(read, log).communicators
    assert (item.nranks, item.complete, item.hosts) == (2, True, ("box",))
    assert [member.device for member in item.members] == [0, 1]
    assert all(member.bus for member in item.members)


def test_what_is_told_of_a_sound_host(read: Read) -> None:
    table = table_of(read, single_host())
    (host,) = table.hosts
    assert (list(host.networks), host.interface) == (["Socket"], "eth0")
    assert (host.p2p, host.shm, host.nvls, host.devices) == (True, False, True, {})
    assert not table.many_hosts
    assert [fact.fields["release"] for fact in table.releases] == ["2.28.9"]
    assert table.communicators[0].seconds == 2.34


def test_the_table_in_words(read: Read) -> None:
    first, host = nccl_lines(table_of(read, single_host()))
    assert first == "NCCL communicator of 2 ranks, GPUs 0-1 on box: complete after 2.3 s"
    assert host == "box: Socket by eth0; P2P on; SHM off; NVLS on"


def test_devices_of_infiniband_and_merged_ones(read: Read) -> None:
    """NCCL 2.22 puts ports that it merges into braces."""
    found = "NET/IB : Using [0]={[0] mlx5_2:1/RoCE, [1] mlx5_3:1/RoCE} [RO]; OOB eth0:10.0.0.5<0>"
    table = table_of(read, two_hosts(found=found))
    assert table.many_hosts
    assert table.hosts[1].devices == {"mlx5_2": "RoCE", "mlx5_3": "RoCE"}
    assert nccl_lines(table)[2].startswith("node-1: IB (2 x RoCE)")


def test_the_same_words_of_two_hosts_are_two_facts(read: Read) -> None:
    """Or a host would seem to have no network."""
    table = table_of(read, two_hosts())
    assert [list(host.networks) for host in table.hosts] == [["IB"], ["IB"]]


def test_direct_rdma_shows_in_the_path(read: Read) -> None:
    path = "Channel 00/0 : 7[7] -> 8[0] [send] via NET/IB/0{gdr}"
    direct = table_of(read, say("a", 0, path.format(gdr="/GDRDMA"))).hosts[0]
    copied = table_of(read, say("a", 0, path.format(gdr=""))).hosts[0]
    assert (direct.gdr, copied.gdr) == (True, False)
    assert list(direct.paths) == ["NET/IB"]


def test_time_between_the_lines(read: Read) -> None:
    """Where NCCL prints no timings but times."""
    log = TIMED.format(second=1) + start("a", 0, 0, 1) + TIMED.format(second=5) + done("a", 0, 0, 1)
    assert table_of(read, log).communicators[0].seconds == 4.0


def test_a_process_that_forms_two(read: Read) -> None:
    log = both("a", 0, 0, 1, "0x1111") + both("a", 0, 0, 1, "0x2222")
    assert [item.name for item in table_of(read, log).communicators] == ["0x1111", "0x2222"]


def test_a_log_given_twice_counts_once(read: Read) -> None:
    record = read(single_host())
    assert nccl_table([record, record]).communicators == nccl_table([record]).communicators


def test_warnings_with_their_source(read: Read) -> None:
    """Old form, and the new one with time and function."""
    log = (
        "a:100:900 [0] misc/socket.cc:441 NCCL WARN socketFinalizeAccept: wrong type 4 != 3\n"
        "[2026-01-31 10:00:00] a:100:900 [0] transport/net_ib.cc:88 (ncclIbTest) NCCL WARN NET/IB: "
        "Got completion from peer 10.0.0.1<42>\n"
    )
    found = [fact.fields for fact in table_of(read, log).hosts[0].warnings]
    assert found == [
        {"file": "misc/socket.cc", "at": "441"},
        {"file": "transport/net_ib.cc", "at": "88", "function": "ncclIbTest"},
    ]


def test_a_flood_of_channels_adds_one_fact(read: Read) -> None:
    log = "".join(channels("a", gpu, 8, 500) for gpu in range(8))
    assert [fact.kind for fact in read(log).facts] == ["nccl-path"]


@pytest.mark.parametrize(
    "line",
    [
        "a:1:1 [0] NCCL INFO comm 0x1 rank 5 nranks 2 cudaDev 0 nvmlDev 0 busId 1 - Init START",
        "a:1:1 [0] NCCL INFO comm 0x1 rank 0 nranks 999999 cudaDev 0 busId 1 - Init START",
        "a:1:1 [0] NCCL INFO comm 0x1 rank 0 nranks 2 cudaDev 0 busId 75a:2:2 [1] - Init START",
        "a:1:1 [0] NCCL INFO Init timings: rank 0 nranks 2 total 1.00 (rest 0.00)",
        "a:1:1 [0] NCCL INFO NET/IB : Using [0]" + "x" * 4000,
    ],
)
def test_damaged_lines_make_no_communicator(read: Read, line: str) -> None:
    assert table_of(read, line).communicators == ()


def test_without_nccl_lines_the_table_is_empty(read: Read) -> None:
    assert table_of(read, "step 1 loss 2.0\n") == NcclTable()


@pytest.mark.parametrize("pattern", nccl.PATTERNS, ids=lambda item: item[0])
def test_patterns_are_linear(pattern: tuple[str, str, str]) -> None:
    """Lines are cut to 4,096 characters; none of that length may take long."""
    _, anchor, regex = pattern
    bits = (
        "x",
        " ",
        "[0]",
        "comm 0x1 rank 0 ",
        "NCCL_A set by ",
        "a:1 ",
        "NET/IB : Using [0]",
        "/",
    )
    before = time.perf_counter()
    for bit in bits:
        for line in (bit * 4096)[:4096], (anchor * 400)[:4096]:
            re.search(regex, anchor + line)
            re.search(regex, line + anchor)
    assert time.perf_counter() - before < 2
