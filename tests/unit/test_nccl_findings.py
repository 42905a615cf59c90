"""What in NCCL's start-up lines is a finding, and what is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dsdoctor.diagnosis.nccl import nccl_findings, nccl_table
from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Finding, Role, Severity
from tests.conftest import Read
from tests.unit.nccl_lines import both, done, say, single_host, start, two_hosts

Find = Callable[[str], dict[str, Finding]]

DEVICES = "NET/IB : Using [0]mlx5_0:1/IB [1]mlx5_1:1/IB [RO]; OOB eth0:10.0.0.5<0>"
NO_DEVICE = "NET/IB : No device found."
ERROR = (
    "[rank0]: Traceback (most recent call last):\n"
    '[rank0]:   File "/home/user/train.py", line 3, in <module>\n'
    "[rank0]:     main()\n"
    "[rank0]: KeyError: 'x'\n"
)
STEP = (
    "[2026-01-31 10:00:00,000] [INFO] [logging.py:96:log_dist] [Rank 0] step=10, skipped=0, "
    "lr=[1e-05], mom=[(0.9, 0.999)]\n"
)


@pytest.fixture
def find(read: Read, pack: Pack) -> Find:
    """The findings of a log, by code."""
    return lambda log: {item.code: item for item in nccl_findings(nccl_table([read(log)]), pack)}


def test_a_sound_host_is_no_finding(find: Find) -> None:
    assert find(single_host(8)) == {}


@pytest.mark.parametrize("network", ["IB", "AWS Libfabric", "IBext_v8"])
def test_sound_hosts_are_no_finding(find: Find, network: str) -> None:
    assert find(two_hosts(network, found=DEVICES)) == {}


@pytest.mark.parametrize("found", [NO_DEVICE, "Failed to open libibverbs.so[.1]"])
def test_plain_ethernet_is_no_finding(find: Find, found: str) -> None:
    assert find(two_hosts("Socket", found=found)) == {}


@pytest.mark.parametrize(
    ("before", "found", "words"),
    [
        ("", DEVICES, "2 IB devices were found"),
        ("NCCL_IB_HCA set to mlx5_0:1,mlx5_1:1", NO_DEVICE, "NCCL_IB_HCA asks for mlx5_0:1"),
        ("Bootstrap : Using ibp12s0:10.149.0.32<0>", NO_DEVICE, "its interface ibp12s0 is"),
    ],
)
def test_sockets_although_there_is_infiniband(
    find: Find, before: str, found: str, words: str
) -> None:
    finding = find(two_hosts("Socket", found=found, before=before))["DSN070"]
    assert words in finding.message
    assert (finding.role, finding.severity) == (Role.CONTEXT, Severity.WARNING)
    assert finding.hosts == ("node-0", "node-1")
    assert "Using network Socket" in finding.evidence[0].text


def test_the_libfabric_plugin_failed(find: Find) -> None:
    log = (
        "node-0:100:900 [0] ncclResult_t nccl_net_ofi_init_v6(ncclDebugLogger_t):162 NCCL WARN "
        "NET/OFI Initializing plugin failed\n"
    )
    assert "EFA" in find(log + two_hosts("Socket"))["DSN070"].message


def test_one_host_of_two_fell_back(find: Find) -> None:
    log = two_hosts("IB").replace("node-1:100:900 [0] NCCL INFO Using network IB\n", "")
    log = log.replace(
        "node-1:101:901 [1] NCCL INFO Using network IB",
        "node-1:101:901 [1] NCCL INFO Using network Socket",
    )
    finding = find(log)["DSN070"]
    assert finding.hosts == ("node-1",)
    assert "node-0 uses IB" in finding.message


def test_sockets_on_one_host_do_not_matter(find: Find) -> None:
    assert find(say("box", 0, DEVICES) + single_host()) == {}


def test_sockets_that_were_asked_for(find: Find) -> None:
    """A choice is not a fall-back; it is named as a setting."""
    log = two_hosts("Socket", found=DEVICES, before="NCCL_NET set by environment to Socket")
    found = find(log)
    assert list(found) == ["DSN073"]
    assert found["DSN073"].severity is Severity.INFO


def test_the_rank_that_never_began(find: Find) -> None:
    """Its neighbours are on one host, so its line would be here."""
    log = start("a", 0, 0, 4) + start("a", 1, 1, 4) + start("a", 3, 3, 4)
    finding = find(log)["DSN071"]
    assert (finding.ranks, finding.confidence.value, finding.role) == ((2,), "likely", Role.CONTEXT)
    assert "no start of rank 2; rank 0-1, 3 began and did not finish" in finding.message


def test_a_missing_host_may_be_a_missing_log(find: Find) -> None:
    half, third = ("".join(start("a", gpu, gpu, n) for gpu in range(8)) for n in (16, 24))
    finding = find(half)["DSN071"]
    assert (finding.ranks, finding.confidence.value) == (tuple(range(8, 16)), "possible")
    assert find(third)["DSN071"].ranks == ()


def test_a_launcher_that_started_it_makes_the_absence_likely(find: Find) -> None:
    spawn = "".join(
        f"[2026-01-31 10:00:00,000] [INFO] [launch.py:256:main] process {100 + rank} spawned with "
        f"command: ['python', '-u', 'train.py', '--local_rank={rank}']\n"
        for rank in (0, 1)
    )
    finding = find(spawn + start("a", 0, 0, 2))["DSN071"]
    assert (finding.ranks, finding.confidence.value) == ((1,), "likely")


def test_the_rank_that_began_and_did_not_finish(find: Find) -> None:
    log = both("a", 0, 0, 2) + start("b", 0, 1, 2) + ERROR
    finding = find(log)["DSN071"]
    assert (finding.ranks, finding.hosts, finding.confidence.value) == ((1,), ("b",), "likely")
    assert "no start" not in finding.message


def test_a_rank_without_a_line_is_not_missing_if_another_finished(find: Find) -> None:
    """Nobody finishes before all have come: only its log is not here."""
    assert find(both("a", 0, 0, 2) + ERROR) == {}


@pytest.mark.parametrize(
    "line",
    [
        "a:102:900 [2] misc/socket.cc:441 NCCL WARN socketFinalizeAccept: wrong type 4 != 3\n",
        "000 commId 0x5ae77eb5ea4ec1ee - Init START\n",
    ],
)
def test_a_missing_line_is_not_a_missing_rank(find: Find, line: str) -> None:
    """Rank 2 was there: it warns, or the rest of its line is left."""
    log = start("a", 0, 0, 4) + start("a", 1, 1, 4) + line + start("a", 3, 3, 4)
    finding = find(log)["DSN071"]
    assert (finding.ranks, finding.confidence.value) == ((), "possible")


def test_all_began_and_nothing_failed(find: Find) -> None:
    """The log may have been copied in the middle of the start."""
    log = start("a", 0, 0, 2) + start("a", 1, 1, 2)
    assert find(log) == {}
    assert find(log + ERROR)["DSN071"].ranks == (0, 1)


@pytest.mark.parametrize("after", [STEP, both("a", 1, 1, 2, "0x77")])
def test_a_torn_line_is_not_a_stuck_rank(find: Find, after: str) -> None:
    """Processes write into one file and cut each other's lines; training went on."""
    torn = done("a", 1, 1, 2).replace(" busId 11000 ", " busId 11a:100:900 [0] NCCL INFO x\n000 ")
    log = both("a", 0, 0, 2) + start("a", 1, 1, 2)
    assert find(log + torn + ERROR) == {}
    assert find(log + after) == {}


def test_timings_prove_the_end_too(find: Find) -> None:
    timings = say("a", 1, "Init timings: rank 1 nranks 2 total 3.68 (kernels 0.34, rest 0.05)")
    assert find(both("a", 0, 0, 2) + start("a", 1, 1, 2) + timings + ERROR) == {}


def test_ranks_of_a_part_are_named_as_the_jobs(find: Find) -> None:
    """Rank 0 of a pair may be rank 2 of the job; one without a line has no name at all."""
    whole = "".join(both("a", gpu, gpu, 4) for gpu in range(4))
    stuck = find(whole + start("a", 2, 0, 2, "0x77") + done("a", 3, 1, 2, "0x77") + ERROR)["DSN071"]
    absent = find(whole + start("a", 2, 0, 2, "0x77") + ERROR)["DSN071"]
    assert (stuck.ranks, absent.ranks) == ((2,), ())
    assert "no start of 1 of them; rank 2 began" in absent.message


def test_versions_of_one_communicator(find: Find) -> None:
    log = (
        say("a", 0, "NCCL version 2.27.5+cuda12.9")
        + say("b", 0, "NCCL version 2.20.5+cuda12.4")
        + start("a", 0, 0, 2)
        + start("b", 0, 1, 2)
    )
    finding = find(log)["DSN072"]
    assert (finding.hosts, finding.confidence.value) == (("a", "b"), "likely")
    assert "2.27.5 on a, 2.20.5 on b" in finding.message


def test_two_jobs_in_one_file_are_not_mixed(find: Find) -> None:
    assert find("NCCL version 2.27.5+cuda12.9\nNCCL version 2.20.5+cuda12.4\n") == {}


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("NCCL_P2P_DISABLE set by environment to 1", "NCCL_P2P_DISABLE=1 (GPUs"),
        ("NCCL_P2P_LEVEL set by environment to LOC", "NCCL_P2P_LEVEL=LOC (GPUs"),
        ("NCCL_SHM_DISABLE set by environment to 1.", "NCCL_SHM_DISABLE=1 (ranks"),
        ("NCCL_IB_DISABLE set by environment to 1.", "NCCL_IB_DISABLE=1 (hosts"),
    ],
)
def test_settings_that_slow_the_job(find: Find, line: str, named: str) -> None:
    finding = find(two_hosts("Socket", before=line))["DSN073"]
    assert named in finding.message
    assert (finding.severity, finding.role) == (Severity.INFO, Role.CONTEXT)


@pytest.mark.parametrize(
    "line",
    [
        "NCCL_IB_DISABLE set by environment to 0.",
        "NCCL_P2P_LEVEL set by environment to NVL",
        "NCCL_SOCKET_IFNAME set by environment to eth0",
    ],
)
def test_settings_that_do_not(find: Find, line: str) -> None:
    assert find(two_hosts(before=line)) == {}


def test_infiniband_switched_off_on_one_host_does_not_matter(find: Find) -> None:
    assert find(say("box", 0, "NCCL_IB_DISABLE set by environment to 1.") + single_host()) == {}
