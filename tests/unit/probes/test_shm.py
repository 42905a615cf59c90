"""Shared memory in /dev/shm."""

from __future__ import annotations

from typing import Any

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, Severity
from dsdoctor.probes.clients.gpus import NoDriver
from dsdoctor.probes.clients.host import Host, RealHost, Space
from dsdoctor.probes.shm import PROBES, SHM
from dsdoctor.probes.site import Site
from tests.unit.probes.fakes import FakeHost
from tests.unit.probes.fakes_gpus import machine
from tests.unit.probes.gpu_site import asked, codes, severity, site

GIB = 1 << 30
MIB = 1 << 20


def with_shm(total: int, free: int, gpus: int = 8, **more: Any) -> Site:
    """A host with /dev/shm of that size."""
    host: Host = FakeHost(
        {"/proc/mounts": "tmpfs /dev/shm tmpfs rw,nosuid 0 0\n"},
        dirs=(SHM, *more.pop("files", ())),
        spaces={SHM: Space(total, free, more.pop("locked", False))},
        **more,
    )
    return site(machine(count=gpus), host)


def test_large_enough(pack: Pack) -> None:
    result = asked(PROBES, with_shm(512 * GIB, 500 * GIB), pack)
    assert (result.outcome, result.summary) == (Outcome.OK, "550 GB, 537 GB free")
    assert result.facts == {"total_gib": 512.0, "memory": True}


def test_a_container_default_stops_nccl(pack: Pack) -> None:
    result = asked(PROBES, with_shm(64 * MIB, 64 * MIB), pack)
    assert codes(result) == ["DSM019"]
    assert severity(result) is Severity.ERROR
    assert "67.1 MB" in result.findings[0].message


def test_a_container_default_with_one_rank_is_the_loaders_matter(pack: Pack) -> None:
    result = asked(PROBES, with_shm(64 * MIB, 64 * MIB, gpus=1), pack)
    assert codes(result) == ["DSM020"]
    assert severity(result) is Severity.WARNING


def test_without_gpus_there_is_one_rank_at_least(pack: Pack) -> None:
    here = with_shm(64 * MIB, 64 * MIB)
    here = site(NoDriver("none"), here.host)
    assert codes(asked(PROBES, here, pack)) == ["DSM020"]


def test_small(pack: Pack) -> None:
    assert codes(asked(PROBES, with_shm(256 * MIB, 256 * MIB), pack)) == ["DSM020"]


def test_full(pack: Pack) -> None:
    result = asked(PROBES, with_shm(64 * GIB, 10 * MIB), pack)
    assert codes(result) == ["DSM019"]
    assert severity(result) is Severity.WARNING


def test_a_gigabyte_free_is_enough(pack: Pack) -> None:
    assert not codes(asked(PROBES, with_shm(64 * GIB, 2 * GIB), pack))


def test_segments_of_other_jobs(pack: Pack) -> None:
    left = (f"{SHM}/nccl-a1b2c3", f"{SHM}/torch_4711_1_0")
    result = asked(PROBES, with_shm(64 * GIB, 50 * GIB, files=left), pack)
    assert codes(result) == ["DSM080"]
    assert result.findings[0].message.startswith("2 segments")


def test_small_segments_are_not_worth_a_word(pack: Pack) -> None:
    left = (f"{SHM}/nccl-a1b2c3",)
    assert not codes(asked(PROBES, with_shm(64 * GIB, 64 * GIB - MIB, files=left), pack))


def test_missing(pack: Pack) -> None:
    result = asked(PROBES, site(machine(), FakeHost(dirs=("/proc",))), pack)
    assert codes(result) == ["DSM023"]
    assert severity(result) is Severity.ERROR


def test_not_writable(pack: Pack) -> None:
    for changes in ({"locked": True}, {"read_only": (SHM,)}):
        result = asked(PROBES, with_shm(64 * GIB, 64 * GIB, **changes), pack)
        assert codes(result) == ["DSM023"]
        assert "cannot be written to" in result.findings[0].message


def test_this_machine(pack: Pack) -> None:
    here: Any = RealHost()
    result = asked(PROBES, site(NoDriver("none"), here), pack)
    assert result.outcome in (Outcome.OK, Outcome.ATTENTION, Outcome.SKIPPED)
