"""Limits of a process."""

from __future__ import annotations

from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, Severity
from dsdoctor.probes.clients.gpus import NoDriver
from dsdoctor.probes.clients.host import RealHost
from dsdoctor.probes.memory_limits import PROBES
from tests.unit.probes.fakes import FakeHost
from tests.unit.probes.fakes_gpus import machine
from tests.unit.probes.fakes_job import job
from tests.unit.probes.gpu_site import asked, codes, severity, site

CAP_IPC_LOCK = "CapEff:\t0000000000004000\n"
CARD = {"/sys/class/infiniband/mlx5_0/node_type": "1: CA\n"}
TO_NVME = {
    "zero_optimization": {
        "stage": 3,
        "offload_param": {
            "device": "nvme",
            "nvme_path": "/nvme",
            "buffer_count": 5,
            "buffer_size": 1e8,
        },
    }
}


def limits(**changed: str) -> str:
    """/proc/self/limits of a well set up host; ``memlock="65536 65536"`` changes one."""
    values = {
        "memlock": "unlimited unlimited",
        "nofile": "1048576 1048576",
        "nproc": "515506 515506",
        "as": "unlimited unlimited",
        **changed,
    }
    names = {
        "Max locked memory": ("memlock", "bytes"),
        "Max open files": ("nofile", "files"),
        "Max processes": ("nproc", "processes"),
        "Max address space": ("as", "bytes"),
    }
    lines = ["Limit                     Soft Limit           Hard Limit           Units     "]
    for name, (key, unit) in names.items():
        soft, hard = values[key].split()
        lines.append(f"{name:<25} {soft:<20} {hard:<20} {unit:<10}")
    return "\n".join(lines) + "\n"


def host(more: dict[str, str] | None = None, status: str = "", **changed: str) -> FakeHost:
    """A machine with 128 CPUs."""
    files = {
        "/proc/self/limits": limits(**changed),
        "/proc/self/status": f"Cpus_allowed_list:\t0-127\n{status}",
        "/sys/devices/system/cpu/online": "0-127\n",
        "/proc/sys/vm/overcommit_memory": "0\n",
        "/proc/sys/vm/max_map_count": "65530\n",
    }
    return FakeHost({**files, **(more or {})})


def test_a_host_set_up_well(pack: Pack) -> None:
    result = asked(PROBES, site(machine(), host(CARD), hosts=2), pack)
    assert result.outcome is Outcome.OK
    assert result.summary == "locked memory unlimited, open files 1048576"
    assert result.facts["processes"] == 515506
    assert result.facts["overcommit"] == "0"


def test_memory_locked_to_swap_parameters(pack: Pack) -> None:
    where = site(machine(), host(memlock="8388608 8388608"), job=job(TO_NVME))
    result = asked(PROBES, where, pack)
    assert codes(result) == ["DSM015"]
    assert "locks 1 GB" in result.findings[0].message
    assert result.findings[0].evidence[0].text.startswith("Max locked memory: soft 8388608")


def test_little_locked_memory_is_fine_without_swapping(pack: Pack) -> None:
    where = site(machine(), host(memlock="8388608 8388608"), job=job())
    assert not codes(asked(PROBES, where, pack))


def test_locked_memory_and_infiniband(pack: Pack) -> None:
    where = site(machine(), host(CARD, memlock="65536 65536"), hosts=2)
    result = asked(PROBES, where, pack)
    assert codes(result) == ["DSN032"]
    assert severity(result) is Severity.ERROR


def test_one_host_needs_no_card(pack: Pack) -> None:
    where = site(machine(), host(CARD, memlock="65536 65536"), hosts=1)
    assert not codes(asked(PROBES, where, pack))


def test_who_may_lock_memory_is_not_limited(pack: Pack) -> None:
    inside = host(CARD, CAP_IPC_LOCK, memlock="65536 65536")
    assert not codes(asked(PROBES, site(machine(), inside, hosts=2, job=job(TO_NVME)), pack))


@pytest.mark.parametrize(("soft", "expected"), [("256", Severity.WARNING), ("1024", Severity.INFO)])
def test_few_open_files(pack: Pack, soft: str, expected: Severity) -> None:
    result = asked(PROBES, site(machine(), host(nofile=f"{soft} 1048576")), pack)
    assert codes(result) == ["DSM022"]
    assert severity(result) is expected
    assert result.findings[0].message.endswith("ulimit -n 65536 is allowed here")


def test_few_open_files_for_ever(pack: Pack) -> None:
    result = asked(PROBES, site(machine(), host(nofile="1024 1024")), pack)
    assert "ulimit" not in result.findings[0].message


def test_few_threads(pack: Pack) -> None:
    result = asked(PROBES, site(machine(), host(nproc="1024 1024")), pack)
    assert codes(result) == ["DSH042"]
    assert result.findings[0].message.startswith("Only 1024 processes and threads are allowed")
    assert "8 ranks may start about 1536" in result.findings[0].message


def test_the_users_limit_does_not_bind_root(pack: Pack) -> None:
    root = host(status="CapEff:\t000001ffffffffff\n", nproc="1024 1024")
    assert not codes(asked(PROBES, site(machine(), root), pack))


def test_the_cgroups_limit_binds_root(pack: Pack) -> None:
    files = {"/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/pids.max": "512\n"}
    root = host(files, "CapEff:\t000001ffffffffff\n")
    result = asked(PROBES, site(machine(count=1), root, wanted_gpus=8), pack)
    assert codes(result) == ["DSH042"]
    assert result.findings[0].evidence[0].file == "/sys/fs/cgroup/pids.max"


def test_fewer_openmp_threads_fit(pack: Pack) -> None:
    few = FakeHost(host(nproc="1024 1024").files, environment={"OMP_NUM_THREADS": "8"})
    assert not codes(asked(PROBES, site(machine(), few), pack))


@pytest.mark.parametrize(
    ("limit", "gpus", "expected"),
    [
        ("14000000000", machine(), Severity.ERROR),
        ("14000000000", NoDriver("none"), Severity.INFO),
        ("64000000000", machine(), Severity.INFO),
    ],
)
def test_a_limited_address_space(pack: Pack, limit: str, gpus: Any, expected: Severity) -> None:
    few = host(**{"as": f"{limit} {limit}"})
    result = asked(PROBES, site(gpus, few), pack)
    assert codes(result) == ["DSM081"]
    assert severity(result) is expected
    assert f"{limit[:2]} GB" in result.findings[0].message


def test_strict_overcommit(pack: Pack) -> None:
    strict = host({"/proc/sys/vm/overcommit_memory": "2\n"})
    assert codes(asked(PROBES, site(machine(), strict), pack)) == ["DSM082"]


def test_this_machine(pack: Pack) -> None:
    here: Any = RealHost()
    result = asked(PROBES, site(NoDriver("none"), here), pack)
    assert result.outcome is not Outcome.CRASHED
