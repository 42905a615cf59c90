"""Torch's cache of compiled ops."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, ProbeResult, Severity
from dsdoctor.probes.clients.host import RealHost, Space
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.extensions_cache import PROBES, cache_folder
from tests.unit.probes.fakes import FakeHost, said
from tests.unit.probes.fakes_gpus import machine
from tests.unit.probes.fakes_job import job
from tests.unit.probes.fakes_packages import ON_CPU, ON_GPU, FakePackages, software
from tests.unit.probes.gpu_site import asked, codes, severity

ROOT = "/home/ann/.cache/torch_extensions/py311_cu128"
LOCK = f"{ROOT}/fused_adam/lock"
NFS = "/dev/sda1 / ext4 rw 0 0\nserver:/home /home nfs4 rw 0 0\n"
LOCAL = "/dev/sda1 / ext4 rw 0 0\n"
WITH_ADAM = {"train_batch_size": 8, "optimizer": {"type": "AdamW"}}


def home(locks: dict[str, float] | None = None, mounts: str = LOCAL, **more: Any) -> FakeHost:
    """A home with locks of that age in seconds."""
    found = locks or {}
    files = {"/proc/mounts": mounts, **dict.fromkeys(found, ""), **more.pop("files", {})}
    ages = "".join(f"{time.time() - age:.0f} {path}\n" for path, age in found.items())
    return FakeHost(
        files,
        environment={"HOME": "/home/ann", **more.pop("environment", {})},
        commands={"stat": said(ages), **more.pop("commands", {})},
        dirs=("/home/ann", *more.pop("dirs", ())),
        **more,
    )


def seen(pack: Pack, host: FakeHost, config: Any = None, **more: Any) -> ProbeResult:
    spec = None if config is None else job(config)
    return asked(PROBES, software(host, ON_GPU, machine(), spec, **more), pack)


def test_a_healthy_cache(pack: Pack) -> None:
    result = seen(pack, home(dirs=(f"{ROOT}/fused_adam",)), WITH_ADAM)
    assert (result.outcome, result.summary) == (Outcome.OK, ROOT)
    assert result.facts == {"folder": ROOT, "file_system": "ext4", "locks": []}


def test_a_stale_lock_of_an_op_of_the_job(pack: Pack) -> None:
    result = seen(pack, home({LOCK: 7300}), WITH_ADAM)
    assert codes(result) == ["DSB038"]
    assert severity(result) is Severity.FATAL
    assert f"A lock of 2 hours is in {ROOT}/fused_adam" in result.findings[0].message


def test_a_stale_lock_of_another_op(pack: Pack) -> None:
    lock = f"{ROOT}/cpu_adam/lock"
    assert severity(seen(pack, home({lock: 7300}), WITH_ADAM)) is Severity.WARNING
    assert severity(seen(pack, home({lock: 7300}))) is Severity.ERROR


def test_a_build_that_runs_is_not_stale(pack: Pack) -> None:
    folder = f"{ROOT}/fused_adam"
    host = home(
        {LOCK: 7300},
        files={"/proc/77/comm": "ninja\n", "/proc/78/comm": "bash\n"},
        links={"/proc/77/cwd": folder, "/proc/78/cwd": "/"},
    )
    result = seen(pack, host, WITH_ADAM)
    assert not codes(result)
    assert result.summary == f"{ROOT}: an op is being compiled"


def test_a_young_lock_may_be_held(pack: Pack) -> None:
    assert severity(seen(pack, home({LOCK: 5}), WITH_ADAM)) is Severity.INFO
    assert severity(seen(pack, home({LOCK: 300}), WITH_ADAM)) is Severity.FATAL
    assert severity(seen(pack, home({LOCK: 3700}, files={"/x": ""}), WITH_ADAM)) is Severity.FATAL


def test_on_a_file_server_another_host_may_build(pack: Pack) -> None:
    result = seen(pack, home({LOCK: 600}, NFS), WITH_ADAM)
    assert [item.severity for item in result.findings] == [Severity.INFO, Severity.INFO]
    result = seen(pack, home({LOCK: 7200}, NFS), WITH_ADAM)
    assert {item.severity for item in result.findings} == {Severity.INFO, Severity.FATAL}


def test_a_lock_of_unknown_age(pack: Pack) -> None:
    host = home({LOCK: 0}, commands={"stat": Unavailable("no stat")})
    result = seen(pack, host, WITH_ADAM)
    assert "A lock of unknown age" in result.findings[0].message


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"read_only": ("/home",)}, "may not be written to by this user"),
        ({"spaces": {"/": Space(10, 5, True)}}, "on a read-only file system"),
        ({"mounts": "/dev/sda1 / ext4 rw,noexec 0 0\n"}, "mounted noexec"),
    ],
)
def test_a_cache_that_cannot_be_used(pack: Pack, more: dict[str, Any], words: str) -> None:
    result = seen(pack, home(**more), WITH_ADAM)
    assert codes(result) == ["DSB039"]
    assert severity(result) is Severity.FATAL
    assert words in result.findings[0].message
    assert severity(seen(pack, home(**more))) is Severity.WARNING
    assert severity(seen(pack, home(**more), {"train_batch_size": 8})) is Severity.INFO


def test_a_cache_that_hosts_share(pack: Pack) -> None:
    result = seen(pack, home(mounts=NFS), WITH_ADAM)
    assert (codes(result), severity(result)) == (["DSB065"], Severity.INFO)
    result = seen(pack, home(mounts=NFS), WITH_ADAM, hosts=2)
    assert severity(result) is Severity.WARNING


def test_where_torch_compiles() -> None:
    home_of = {"HOME": "/home/ann"}
    assert cache_folder(home_of, "py311", ON_GPU) == ROOT
    assert cache_folder(home_of, "py311", ON_CPU) == f"{ROOT[:-5]}cpu"
    hip = {**ON_CPU, "torch.hip": "6.2.4"}
    assert cache_folder(home_of, "py311", hip) == f"{ROOT[:-5]}rocm624"
    own = {**home_of, "TORCH_EXTENSIONS_DIR": "/scratch/ext"}
    assert cache_folder(own, "py311", ON_GPU) == "/scratch/ext"
    xdg = {**home_of, "XDG_CACHE_HOME": "/scratch"}
    assert cache_folder(xdg, "py311", ON_GPU) == "/scratch/torch_extensions/py311_cu128"


def test_skipped(pack: Pack) -> None:
    assert seen(pack, FakeHost()).outcome is Outcome.SKIPPED
    without = asked(PROBES, software(home(), {"python": "3.11.9"}), pack)
    assert without.outcome is Outcome.SKIPPED


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(Unavailable("gone"), Outcome.SKIPPED), (ValueError("odd"), Outcome.CRASHED)],
)
def test_a_client_that_fails(pack: Pack, error: Exception, outcome: Outcome) -> None:
    assert seen(pack, FakeHost(broken=error)).outcome is outcome


def test_a_real_lock(pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_EXTENSIONS_DIR", str(tmp_path))
    lock = tmp_path / "cpu_adam" / "lock"
    lock.parent.mkdir()
    lock.touch()
    os.utime(lock, (time.time() - 90_000, time.time() - 90_000))
    host: Any = RealHost()
    result = asked(PROBES, software(host, FakePackages(ON_CPU)), pack)
    assert "DSB038" in codes(result)
    (found,) = [item for item in result.findings if item.code == "DSB038"]
    assert "1 day" in found.message
    assert result.seconds < 0.5
