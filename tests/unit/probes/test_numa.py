"""NUMA nodes, and what --bind_cores_to_rank would do."""

from __future__ import annotations

from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, Severity
from dsdoctor.probes.clients.gpus import NoDriver
from dsdoctor.probes.clients.host import RealHost
from dsdoctor.probes.core_binding import cores_of_ranks
from dsdoctor.probes.cpu_topology import cpus_of
from dsdoctor.probes.numa import PROBES
from tests.unit.probes.fakes import FakeHost
from tests.unit.probes.fakes_gpus import machine
from tests.unit.probes.fakes_job import job
from tests.unit.probes.gpu_site import asked, codes, severity, site
from tests.unit.probes.numa_host import two_sockets

BOUND = "deepspeed --bind_cores_to_rank train.py --deepspeed ds.json"


def bound(extra: str = "") -> Any:
    return job({}, BOUND.replace(" train.py", f" {extra} train.py"))


def test_two_sockets(pack: Pack) -> None:
    result = asked(PROBES, site(machine(), two_sockets()), pack)
    assert result.outcome is Outcome.OK
    assert result.summary == "2 nodes; GPU 0-3 on node 0; GPU 4-7 on node 1"
    assert result.facts == {
        "nodes": [16, 16],
        "gpus": [0, 0, 0, 0, 1, 1, 1, 1],
        "cards": {"mlx5_0": 1},
    }


def test_binding_that_fits(pack: Pack) -> None:
    assert not codes(asked(PROBES, site(machine(), two_sockets(), job=bound()), pack))


def test_binding_to_the_far_node(pack: Pack) -> None:
    host = two_sockets((1, 1, 0, 0, 1, 1, 0, 0))
    result = asked(PROBES, site(machine(), host, job=bound()), pack)
    assert codes(result) == ["DSH120"]
    assert severity(result) is Severity.WARNING
    assert "local rank 0 on node 0, its GPU on node 1" in result.findings[0].message
    assert result.findings[0].message.endswith("and 1 more")
    assert "echo 1,1,0,0,1,1,0,0 |" in result.findings[0].remedies[0].command


def test_cores_numbered_in_turn_spread_each_rank_over_both_nodes(pack: Pack) -> None:
    result = asked(PROBES, site(machine(), two_sockets(interleaved=True), job=bound()), pack)
    assert codes(result) == ["DSH120"]
    assert "local rank 0 on node 0,1" in result.findings[0].message


def test_what_is_not_known_is_not_far(pack: Pack) -> None:
    host = two_sockets((-1,) * 8)
    assert not codes(asked(PROBES, site(machine(), host, job=bound()), pack))
    chosen = bound("--include localhost:4,5")
    assert not codes(asked(PROBES, site(machine(), two_sockets(), job=chosen), pack))


def test_numactl_is_missing(pack: Pack) -> None:
    result = asked(PROBES, site(machine(), two_sockets(numactl=False), job=bound()), pack)
    assert codes(result) == ["DSL060"]
    assert severity(result) is Severity.FATAL


def test_numactl_is_not_needed_without_binding(pack: Pack) -> None:
    assert not codes(asked(PROBES, site(machine(), two_sockets(numactl=False)), pack))


def test_affinity_conflicts(pack: Pack) -> None:
    host = two_sockets(environment={"KMP_AFFINITY": "compact"})
    assert codes(asked(PROBES, site(machine(), host, job=bound()), pack)) == ["DSL062"]


def test_fewer_cores_than_ranks(pack: Pack) -> None:
    result = asked(PROBES, site(machine(), two_sockets(), job=bound("--bind_core_list 0-3")), pack)
    assert codes(result) == ["DSL061"]
    assert result.findings[0].message.endswith("4 cores for 8 ranks")


def test_cores_outside_of_the_cpuset(pack: Pack) -> None:
    result = asked(PROBES, site(machine(), two_sockets(allowed="0-11"), job=bound()), pack)
    assert codes(result) == ["DSL061"]
    assert "core 12-15 is not among" in result.findings[0].message


def test_offload_without_binding(pack: Pack) -> None:
    result = asked(PROBES, site(machine(), two_sockets(), job=job()), pack)
    assert codes(result) == ["DSH121"]
    assert severity(result) is Severity.INFO
    assert not codes(asked(PROBES, site(machine(), two_sockets(), job=job({})), pack))


@pytest.mark.parametrize(
    ("options", "first", "last"),
    [
        ("", (0, 1), (14, 15)),
        ("--bind_core_list 0-3,16-19", (0,), (19,)),
        ("--bind_core_list 0-8", (0,), (7,)),
    ],
)
def test_cores_as_the_launcher_cuts_them(
    options: str, first: tuple[int, ...], last: tuple[int, ...]
) -> None:
    cpus = cpus_of(two_sockets())
    assert cpus is not None
    parts = [tuple(part) for part in cores_of_ranks(bound(options).launch, cpus, 8)]
    assert (parts[0], parts[-1]) == (first, last)


def test_no_nodes(pack: Pack) -> None:
    assert asked(PROBES, site(machine(), FakeHost()), pack).outcome is Outcome.SKIPPED


def test_without_a_driver_the_nodes_are_told(pack: Pack) -> None:
    result = asked(PROBES, site(NoDriver("none"), two_sockets(())), pack)
    assert (result.outcome, result.summary) == (Outcome.OK, "2 nodes")


def test_this_machine(pack: Pack) -> None:
    host: Any = RealHost()
    assert asked(PROBES, site(NoDriver("none"), host), pack).outcome is not Outcome.CRASHED
