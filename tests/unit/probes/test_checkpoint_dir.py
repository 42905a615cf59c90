"""The folder for checkpoints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dsdoctor.job.assemble import Sources, assemble
from dsdoctor.job.spec import JobSpec
from dsdoctor.job.syntax.parser import parse
from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, ProbeResult, Severity
from dsdoctor.probes.checkpoint_dir import PROBES, bytes_each
from dsdoctor.probes.clients.host import RealHost, Space
from dsdoctor.probes.clients.unavailable import Unavailable
from tests.unit.probes.fakes import FakeHost
from tests.unit.probes.fakes_job import job
from tests.unit.probes.fakes_packages import software
from tests.unit.probes.gpu_site import asked, codes, severity

GB = 10**9
LOCAL = "/dev/sda1 / ext4 rw 0 0\n"
SHARED = LOCAL + "server:/x /work nfs4 rw 0 0\n"
BF16 = {"train_batch_size": 8, "bf16": {"enabled": True}, "zero_optimization": {"stage": 2}}


def spec(config: dict[str, Any] | None = None, **arguments: Any) -> JobSpec:
    """A job of the Trainer that saves to ``output_dir``."""
    words = " ".join(f"--{name} {value}" for name, value in arguments.items())
    launch = f"deepspeed train.py --deepspeed ds_config.json {words}"
    text = json.dumps(BF16 if config is None else config)
    return assemble(parse(text, "ds_config.json"), Sources(launch=launch, trainer=True))


def host(mounts: str = SHARED, free: int = 1000 * GB, **more: Any) -> FakeHost:
    return FakeHost(
        {"/proc/mounts": mounts},
        environment={"PWD": "/work/project"},
        dirs=("/work/project",),
        spaces={"/": Space(2000 * GB, free, more.pop("locked", False))},
        **more,
    )


def looked(pack: Pack, where: FakeHost, wanted: JobSpec | None = None, **more: Any) -> ProbeResult:
    return asked(PROBES, software(where, job=wanted, **more), pack)


def test_a_healthy_folder(pack: Pack) -> None:
    result = looked(pack, host(), spec(output_dir="out"))
    assert result.outcome is Outcome.OK
    assert result.summary == (
        "/work/project/out (nfs4), 1 TB free: a checkpoint of 71 billion parameters"
    )
    assert result.facts == {"file_system": "nfs4", "free_gb": 1000.0, "bytes_per_parameter": 14}


def test_the_folder_of_the_start_where_nobody_says_another(pack: Pack) -> None:
    assert looked(pack, host()).summary.startswith("/work/project (nfs4)")


def test_bytes_of_a_parameter() -> None:
    assert bytes_each(job({"train_batch_size": 8})) == 12
    assert bytes_each(spec(save_only_model="True", output_dir="out")) == 2
    assert bytes_each(None) == 14


@pytest.mark.parametrize("more", [{"read_only": ("/work",)}, {"locked": True}])
def test_not_writable(pack: Pack, more: dict[str, Any]) -> None:
    result = looked(pack, host(**more), spec(output_dir="out"))
    assert codes(result) == ["DSK017"]
    assert severity(result) is Severity.FATAL
    assert "/work/project/out" in result.findings[0].message
    assert severity(looked(pack, host(**more))) is Severity.INFO


def test_little_room(pack: Pack) -> None:
    result = looked(pack, host(free=GB), spec(output_dir="out"))
    assert codes(result) == ["DSK080"]
    assert severity(result) is Severity.WARNING
    assert "a checkpoint of 71 million parameters" not in result.findings[0].message
    assert "Only 1 GB are free in /work/project/out" in result.findings[0].message
    assert severity(looked(pack, host(free=10), spec(output_dir="out"))) is Severity.ERROR
    assert severity(looked(pack, host(free=10))) is Severity.INFO


def test_local_folders_of_several_hosts(pack: Pack) -> None:
    result = looked(pack, host(LOCAL), spec(output_dir="out"), hosts=4)
    assert codes(result) == ["DSK081"]
    assert severity(result) is Severity.INFO
    assert "4 hosts" in result.findings[0].message


@pytest.mark.parametrize(
    ("mounts", "config", "hosts"),
    [
        (SHARED, BF16, 4),
        (LOCAL, BF16, 1),
        (LOCAL, {**BF16, "checkpoint": {"use_node_local_storage": True}}, 4),
    ],
)
def test_local_folders_that_are_fine(
    pack: Pack, mounts: str, config: dict[str, Any], hosts: int
) -> None:
    assert not codes(looked(pack, host(mounts), spec(config, output_dir="out"), hosts=hosts))


def test_skipped(pack: Pack) -> None:
    assert looked(pack, FakeHost()).outcome is Outcome.SKIPPED


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(Unavailable("gone"), Outcome.SKIPPED), (ValueError("odd"), Outcome.CRASHED)],
)
def test_a_client_that_fails(pack: Pack, error: Exception, outcome: Outcome) -> None:
    assert looked(pack, FakeHost(broken=error)).outcome is outcome


def test_a_real_folder(pack: Pack, tmp_path: Path) -> None:
    here: Any = RealHost()
    result = looked(pack, here, spec(output_dir=str(tmp_path / "out")))
    assert "DSK017" not in codes(result)
    assert not list(tmp_path.iterdir())
