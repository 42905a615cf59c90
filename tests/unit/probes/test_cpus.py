"""CPUs, quotas and threads."""

from __future__ import annotations

from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, Severity
from dsdoctor.probes.clients.gpus import NoDriver
from dsdoctor.probes.clients.host import RealHost
from dsdoctor.probes.cpu_topology import cpu_numbers, cpus_of
from dsdoctor.probes.cpus import PROBES
from tests.unit.probes.fakes_gpus import machine
from tests.unit.probes.fakes_job import OFFLOADED, job
from tests.unit.probes.gpu_site import asked, codes, severity, site
from tests.unit.probes.numa_host import two_sockets

TORCHRUN = "torchrun --nproc_per_node 8 train.py"
ACCELERATE = "accelerate launch --num_processes 8 train.py"


def quota(text: str) -> dict[str, str]:
    """A cgroup of version 2 with a limit."""
    return {"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": f"{text} 100000\n"}


def old_quota(text: str) -> dict[str, str]:
    """A cgroup of version 1 with a limit."""
    folder = "/sys/fs/cgroup/cpu/docker/1"
    return {
        "/proc/self/cgroup": "3:cpu,cpuacct:/docker/1\n",
        f"{folder}/cpu.cfs_quota_us": f"{text}\n",
        f"{folder}/cpu.cfs_period_us": "100000\n",
    }


def test_enough(pack: Pack) -> None:
    result = asked(PROBES, site(machine(), two_sockets()), pack)
    assert (result.outcome, result.summary) == (Outcome.OK, "32 CPUs, 16 cores")
    assert result.facts == {
        "online": 32,
        "cores": 16,
        "allowed": 32,
        "quota": None,
        "OMP_NUM_THREADS": None,
    }


@pytest.mark.parametrize(
    ("allowed", "expected"), [("0-3", Severity.WARNING), ("0-11", Severity.INFO)]
)
def test_a_small_cpuset(pack: Pack, allowed: str, expected: Severity) -> None:
    result = asked(PROBES, site(machine(), two_sockets(allowed=allowed)), pack)
    assert codes(result) == ["DSH122"]
    assert severity(result) is expected
    assert "of 32 CPUs may be used, for 8 ranks" in result.findings[0].message


def test_one_rank_needs_few(pack: Pack) -> None:
    host = two_sockets((0,), allowed="0-3")
    assert not codes(asked(PROBES, site(machine(count=1), host), pack))


@pytest.mark.parametrize("files", [quota("400000"), old_quota("400000")], ids=["v2", "v1"])
def test_a_small_quota(pack: Pack, files: dict[str, str]) -> None:
    host = two_sockets((0,), files=files)
    result = asked(PROBES, site(machine(count=1), host), pack)
    assert codes(result) == ["DSH123"]
    assert result.findings[0].message == (
        "The cgroup grants the time of 4 CPUs, and the ranks would start 32 OpenMP threads "
        "(OMP_NUM_THREADS is not set)"
    )
    assert result.findings[0].remedies[0].env == {"OMP_NUM_THREADS": "4"}
    assert result.summary.endswith("; the cgroup grants the time of 4")
    assert result.facts["quota"] == 4


@pytest.mark.parametrize("files", [quota("max"), old_quota("-1")], ids=["v2", "v1"])
def test_no_quota(pack: Pack, files: dict[str, str]) -> None:
    result = asked(PROBES, site(machine(), two_sockets(files=files)), pack)
    assert result.outcome is Outcome.OK
    assert result.facts["quota"] is None


def test_threads_that_fit_the_quota(pack: Pack) -> None:
    host = two_sockets((0,), files=quota("400000"), environment={"OMP_NUM_THREADS": "4"})
    assert not codes(asked(PROBES, site(machine(count=1), host), pack))


@pytest.mark.parametrize(("number", "expected"), [("16", Severity.WARNING), ("6", Severity.INFO)])
def test_many_threads_asked_for(pack: Pack, number: str, expected: Severity) -> None:
    host = two_sockets(environment={"OMP_NUM_THREADS": number})
    result = asked(PROBES, site(machine(), host), pack)
    assert codes(result) == ["DSH124"]
    assert severity(result) is expected


def test_many_threads_that_nobody_asked_for(pack: Pack) -> None:
    launched = job(OFFLOADED, "deepspeed --num_gpus 8 train.py")
    result = asked(PROBES, site(machine(), two_sockets(), job=launched), pack)
    assert codes(result) == ["DSH124"]
    assert severity(result) is Severity.INFO
    assert "256 OpenMP threads on 32 CPUs" in result.findings[0].message


def test_they_do_not_matter_without_offload(pack: Pack) -> None:
    launched = job({}, "deepspeed --num_gpus 8 train.py")
    assert not codes(asked(PROBES, site(machine(), two_sockets(), job=launched), pack))


@pytest.mark.parametrize("launch", [TORCHRUN, ACCELERATE, "OMP_NUM_THREADS=1 " + TORCHRUN])
def test_one_thread_for_the_optimizer(pack: Pack, launch: str) -> None:
    result = asked(PROBES, site(machine(), two_sockets(), job=job(OFFLOADED, launch)), pack)
    assert codes(result) == ["DSH125"]
    assert result.findings[0].remedies[0].env == {"OMP_NUM_THREADS": "4"}


@pytest.mark.parametrize(
    "launch",
    [
        "OMP_NUM_THREADS=4 " + TORCHRUN,
        "deepspeed --num_gpus 8 --bind_cores_to_rank train.py",
    ],
)
def test_a_fair_share_of_threads(pack: Pack, launch: str) -> None:
    assert not codes(
        asked(PROBES, site(machine(), two_sockets(), job=job(OFFLOADED, launch)), pack)
    )


def test_accelerate_leaves_several_hosts_to_the_deepspeed_launcher(pack: Pack) -> None:
    where = site(machine(), two_sockets(), job=job(OFFLOADED, ACCELERATE), hosts=2)
    assert codes(asked(PROBES, where, pack)) == ["DSH124"]


def test_one_thread_is_fine_without_offload(pack: Pack) -> None:
    assert not codes(asked(PROBES, site(machine(), two_sockets(), job=job({}, TORCHRUN)), pack))


def test_nobody_knows_the_ranks(pack: Pack) -> None:
    result = asked(PROBES, site(NoDriver("none"), two_sockets(allowed="0")), pack)
    assert (result.outcome, result.summary) == (
        Outcome.OK,
        "32 CPUs, 16 cores; 1 may be used",
    )


@pytest.mark.parametrize("text", ["", "x", "0-", "3-x", "0-99999999", "1,,2", "²"])
def test_no_list_of_cpus(text: str) -> None:
    assert cpu_numbers(text) == ()


def test_this_machine(pack: Pack) -> None:
    host: Any = RealHost()
    assert asked(PROBES, site(NoDriver("none"), host), pack).outcome is not Outcome.CRASHED
    found = cpus_of(host)
    assert found is None or 1 <= found.usable <= len(found.online)
