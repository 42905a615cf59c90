"""Disks that every job writes to."""

from __future__ import annotations

from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, ProbeResult, Severity
from dsdoctor.probes.clients.host import RealHost, Space
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.disk import PROBES
from tests.unit.probes.fakes import FakeHost, said
from tests.unit.probes.fakes_packages import software
from tests.unit.probes.gpu_site import asked, codes, severity

GB = 10**9
TMP = "/tmp"
TABLE = "Filesystem Inodes IUsed IFree IUse% Mounted on\n"


def machine(spaces: dict[str, Space] | None = None, **more: Any) -> FakeHost:
    mounts = "/dev/sda1 / ext4 rw 0 0\n"
    mounts += "".join(f"/dev/sd {point} xfs rw 0 0\n" for point in spaces or ())
    files = {"/proc/mounts": mounts}
    every = {"/": Space(1000 * GB, 500 * GB, False), **(spaces or {})}
    variables = {"HOME": "/home/ann", **more.pop("environment", {})}
    return FakeHost(
        files,
        environment=variables,
        dirs=(TMP, "/home/ann", "/scratch", "/data"),
        spaces=every,
        **more,
    )


def looked(pack: Pack, host: FakeHost) -> ProbeResult:
    return asked(PROBES, software(host), pack)


def test_a_healthy_machine(pack: Pack) -> None:
    result = looked(pack, machine())
    assert result.outcome is Outcome.OK
    assert result.summary == f"{TMP} 500 GB free, HOME (/home/ann) 500 GB free"
    assert result.facts["HOME"] == {"file_system": "ext4", "free_gb": 500.0}


@pytest.mark.parametrize(("free", "level"), [(10**6, Severity.ERROR), (GB // 2, Severity.WARNING)])
def test_a_full_disk(pack: Pack, free: int, level: Severity) -> None:
    result = looked(pack, machine({"/home": Space(20 * GB, free, False)}))
    assert codes(result) == ["DSH030"]
    assert severity(result) is level
    assert result.findings[0].message.endswith("of 20 GB are free for HOME (/home/ann)")


def test_places_on_one_disk_are_told_at_once(pack: Pack) -> None:
    result = looked(pack, machine({"/": Space(20 * GB, GB // 2, False)}))
    assert codes(result) == ["DSH030"]
    assert f"{TMP}, HOME (/home/ann)" in result.findings[0].message


def test_a_read_only_disk(pack: Pack) -> None:
    result = looked(pack, machine({TMP: Space(GB, 0, True)}))
    assert codes(result) == ["DSH031"]
    assert severity(result) is Severity.ERROR
    result = looked(pack, machine(read_only=("/home",)))
    assert (codes(result), severity(result)) == (["DSH031"], Severity.WARNING)


def test_tmpdir_takes_the_place_of_tmp(pack: Pack) -> None:
    spaces = {TMP: Space(GB, 0, False), "/scratch": Space(GB, 0, True)}
    host = machine(spaces, environment={"TMPDIR": "/scratch/ann"})
    result = looked(pack, host)
    assert codes(result) == ["DSH031"]
    assert "TMPDIR cannot be written to: /scratch/ann" in result.findings[0].message


def test_caches_of_their_own(pack: Pack) -> None:
    host = machine({"/data": Space(GB, 10, False)}, environment={"HF_HOME": "/data/hf"})
    result = looked(pack, host)
    assert codes(result) == ["DSH030"]
    assert "HF_HOME (/data/hf)" in result.findings[0].message


def test_no_files_left(pack: Pack) -> None:
    line = "/dev/sda1 {} 0 {} 1% /\n"
    answer = TABLE + line.format(1000, 500_000) + line.format(1000, 12)
    other = {"/home": Space(20 * GB, 10 * GB, False)}
    result = looked(pack, machine(other, commands={"df": said(answer)}))
    assert codes(result) == ["DSH030"]
    assert "room for 12 more files" in result.findings[0].message


@pytest.mark.parametrize(
    "answer",
    [
        said(TABLE + "btrfs 0 0 0 - /\n" * 2),
        said(TABLE),
        said("nonsense", code=1),
        Unavailable("df did not answer in 3 s"),
    ],
)
def test_file_systems_that_do_not_count_files(pack: Pack, answer: Any) -> None:
    assert not codes(looked(pack, machine(commands={"df": answer})))


def test_nothing_can_be_said_of_a_path_that_is_not_absolute(pack: Pack) -> None:
    host = machine(environment={"HF_HOME": "hf"})
    assert "HF_HOME" not in looked(pack, host).facts


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(Unavailable("gone"), Outcome.SKIPPED), (ValueError("odd"), Outcome.CRASHED)],
)
def test_a_client_that_fails(pack: Pack, error: Exception, outcome: Outcome) -> None:
    assert looked(pack, FakeHost(broken=error)).outcome is outcome


def test_this_machine(pack: Pack) -> None:
    host: Any = RealHost()
    result = looked(pack, host)
    assert result.outcome in (Outcome.OK, Outcome.ATTENTION)
    assert result.seconds < 1
