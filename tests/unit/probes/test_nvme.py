"""Offload to NVMe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, ProbeResult, Severity
from dsdoctor.probes import nvme
from dsdoctor.probes.clients import disk_child
from dsdoctor.probes.clients.host import RealHost, Space
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.libaio import missing
from dsdoctor.probes.nvme import PROBES
from tests.unit.probes.fakes import FakeHost, said
from tests.unit.probes.fakes_job import job
from tests.unit.probes.fakes_packages import ON_GPU, FakePackages, software
from tests.unit.probes.gpu_site import asked, codes, severity

SWAP = "/local_nvme"
GB = 10**9
XFS = "/dev/sda1 / ext4 rw 0 0\n/dev/nvme0n1 /local_nvme xfs rw 0 0\n"
FAST = {"direct": True, "write": 1.5e9, "read": 3e9}
LINKS = {
    "gcc -print-file-name=libaio.so": said("/usr/lib/x86_64-linux-gnu/libaio.so\n"),
    "gcc": said(),
}
NO_LIBRARY = {**LINKS, "gcc -print-file-name=libaio.so": said("libaio.so\n")}
NO_HEADER = {**LINKS, "gcc": said(code=1)}


def to_nvme(*whats: str, path: str = SWAP, stage: int = 3) -> dict[str, Any]:
    blocks = {f"offload_{what}": {"device": "nvme", "nvme_path": path} for what in whats}
    return {"train_batch_size": 8, "zero_optimization": {"stage": stage, **blocks}}


def disk(mounts: str = XFS, free: int = 2000 * GB, **more: Any) -> FakeHost:
    files = {"/proc/mounts": mounts, **more.pop("files", {})}
    more = {"dirs": (SWAP,), "commands": LINKS, **more}
    return FakeHost(files, spaces={"/": Space(3000 * GB, free, False)}, **more)


@pytest.fixture
def speed(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the child will answer; an exception under "raise" is raised instead."""
    answer: dict[str, Any] = dict(FAST)

    def ask(module: str, request: Mapping[str, Any], timeout: float) -> Any:
        assert module == "dsdoctor.probes.clients.disk_child"
        assert request["size"] <= 64 << 20
        assert timeout < PROBES[0].budget
        if "raise" in answer:
            raise answer["raise"]
        return answer

    monkeypatch.setattr(nvme, "ask_child", ask)
    return answer


def tried(
    pack: Pack, host: FakeHost, config: dict[str, Any] | None = None, **more: Any
) -> ProbeResult:
    spec = job(config or to_nvme("optimizer", "param"))
    return asked(PROBES, software(host, more.pop("packages", ON_GPU), job=spec, **more), pack)


@pytest.mark.usefixtures("speed")
def test_a_healthy_disk(pack: Pack) -> None:
    result = tried(pack, disk())
    assert result.outcome is Outcome.OK
    assert result.summary == (
        "/local_nvme (xfs), 2 TB free, room for 125 billion parameters, "
        "writes 1.5 GB/s, reads 3 GB/s"
    )
    assert result.facts == {SWAP: {"file_system": "xfs", "there": True, "free_gb": 2000.0}}


@pytest.mark.usefixtures("speed")
def test_two_folders_are_both_tried(pack: Pack) -> None:
    config = to_nvme("optimizer")
    config["zero_optimization"]["offload_param"] = {"device": "nvme", "nvme_path": "/other"}
    result = tried(pack, disk(dirs=(SWAP, "/other")), config)
    assert set(result.facts) == {SWAP, "/other"}


@pytest.mark.usefixtures("speed")
@pytest.mark.parametrize(
    ("mounts", "words", "level"),
    [
        ("server:/x /local_nvme nfs4 rw 0 0\n", "network file system (nfs4)", Severity.WARNING),
        ("tmpfs /local_nvme tmpfs rw 0 0\n", "host memory (tmpfs)", Severity.WARNING),
        ("overlay / overlay rw 0 0\n", "container's own layer", Severity.INFO),
    ],
)
def test_no_local_disk(pack: Pack, mounts: str, words: str, level: Severity) -> None:
    result = tried(pack, disk(mounts))
    assert codes(result) == ["DSH150"]
    assert severity(result) is level
    assert words in result.findings[0].message


@pytest.mark.usefixtures("speed")
def test_a_folder_that_is_not_there(pack: Pack) -> None:
    result = tried(pack, disk("/dev/sda1 / ext4 rw 0 0\n", dirs=()))
    assert codes(result) == ["DSH150"]
    assert "is not there yet" in result.findings[0].message


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"read_only": (SWAP,)}, "may not be written to by this user"),
        ({"dirs": (), "read_only": ("/",)}, "/ may not be written to by this user"),
    ],
)
def test_not_permitted(pack: Pack, speed: dict[str, Any], more: dict[str, Any], words: str) -> None:
    speed["raise"] = AssertionError("nothing may be written there")
    result = tried(pack, disk(**more))
    assert codes(result) == ["DSH061"]
    assert severity(result) is Severity.FATAL
    assert words in result.findings[0].message


@pytest.mark.usefixtures("speed")
@pytest.mark.parametrize("path", ["/local_nvme/swap", "/local_nvme/swap/below"])
def test_a_file_in_the_way(pack: Pack, path: str) -> None:
    host = disk(files={"/local_nvme/swap": ""})
    result = tried(pack, host, to_nvme("optimizer", path=path))
    assert codes(result) == ["DSH061"]
    assert "/local_nvme/swap is a file" in result.findings[0].message


def test_a_read_only_file_system(pack: Pack) -> None:
    host = disk()
    host.spaces["/"] = Space(3000 * GB, 2000 * GB, read_only=True)
    result = tried(pack, host)
    assert codes(result) == ["DSH061"]
    assert "read-only file system" in result.findings[0].message


def test_no_direct_access(pack: Pack, speed: dict[str, Any]) -> None:
    speed["direct"] = False
    result = tried(pack, disk())
    assert codes(result) == ["DSH063"]
    assert severity(result) is Severity.FATAL


def test_a_disk_that_hangs(pack: Pack, speed: dict[str, Any]) -> None:
    speed["raise"] = Unavailable("no answer in 8 s")
    result = tried(pack, disk())
    assert codes(result) == ["DSH061"]
    assert "no answer in 8 s" in result.findings[0].message


def test_a_slow_disk(pack: Pack, speed: dict[str, Any]) -> None:
    speed["read"] = 90e6
    result = tried(pack, disk())
    assert codes(result) == ["DSH151"]
    assert severity(result) is Severity.WARNING
    assert "writes 1.5 GB/s and reads 90 MB/s" in result.findings[0].message


def test_little_room(pack: Pack, speed: dict[str, Any]) -> None:
    speed["raise"] = AssertionError("the last bytes are not for a measurement")
    result = tried(pack, disk(free=GB))
    assert codes(result) == ["DSH064"]
    assert severity(result) is Severity.WARNING
    assert "room to offload 62 million parameters" in result.findings[0].message
    assert severity(tried(pack, disk(free=1000))) is Severity.ERROR


@pytest.mark.usefixtures("speed")
@pytest.mark.parametrize(("commands", "what"), [(NO_LIBRARY, "libaio.so"), (NO_HEADER, "libaio.h")])
def test_libaio(pack: Pack, commands: dict[str, Any], what: str) -> None:
    result = tried(pack, disk(commands=commands))
    assert codes(result) == ["DSH070"]
    assert result.findings[0].message.startswith(f"{what} is not installed")


@pytest.mark.usefixtures("speed")
def test_libaio_is_not_needed_by_an_op_that_is_compiled(pack: Pack) -> None:
    file = "/env/site-packages/deepspeed/git_version_info_installed.py"
    host = disk(commands=NO_LIBRARY, files={file: "installed_ops={'async_io': True}\n"})
    assert not codes(tried(pack, host))


def test_libaio_in_a_folder_of_its_own() -> None:
    host = FakeHost(
        {"/opt/lib/libaio.so": "", "/opt/include/libaio.h": ""},
        environment={"LDFLAGS": "-L/opt/lib", "CFLAGS": "-O2 -I/opt/include"},
        commands={"gcc": said("libaio.so", code=1)},
    )
    assert missing(host) == ()
    assert missing(FakeHost()) == ()


@pytest.mark.usefixtures("speed")
def test_requests_are_used_up(pack: Pack) -> None:
    limits = {"/proc/sys/fs/aio-nr": "65000\n", "/proc/sys/fs/aio-max-nr": "65536\n"}
    result = tried(pack, disk(files=limits))
    assert codes(result) == ["DSH071"]
    assert "fs.aio-max-nr=65536" in result.findings[0].message


@pytest.mark.parametrize(
    "config",
    [
        {"train_batch_size": 8},
        to_nvme("optimizer", stage=2),
        to_nvme("optimizer", path=""),
    ],
)
def test_skipped(pack: Pack, config: dict[str, Any]) -> None:
    assert tried(pack, disk(), config).outcome is Outcome.SKIPPED


def test_skipped_without_a_job(pack: Pack) -> None:
    assert asked(PROBES, software(disk()), pack).outcome is Outcome.SKIPPED


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(Unavailable("gone"), Outcome.SKIPPED), (ValueError("odd"), Outcome.CRASHED)],
)
def test_a_client_that_fails(pack: Pack, error: Exception, outcome: Outcome) -> None:
    assert tried(pack, FakeHost(broken=error)).outcome is outcome


def test_a_real_folder(pack: Pack, tmp_path: Path) -> None:
    """The real child: it measures, and leaves nothing behind."""
    host: Any = RealHost()
    config = to_nvme("optimizer", path=str(tmp_path / "swap"))
    result = tried(pack, host, config, packages=FakePackages(ON_GPU))
    assert "writes " in result.summary
    assert not list(tmp_path.iterdir())
    assert result.seconds < 5


def test_the_child_tells_errors(tmp_path: Path) -> None:
    assert disk_child.tried(str(tmp_path / "none"), 1 << 20, 0.1) == {
        "error": "No such file or directory"
    }


def test_the_child_keeps_its_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    real = disk_child.os.pwrite
    monkeypatch.setattr(
        disk_child.os,
        "pwrite",
        lambda file, data, at: written.append(len(data)) or real(file, data, at),
    )
    answer = disk_child.tried(str(tmp_path), 4 << 20, 5.0)
    assert sum(written) == 4 << 20
    assert answer["write"] > 0
    assert not list(tmp_path.iterdir())
