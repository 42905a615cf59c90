"""File systems of paths."""

from __future__ import annotations

from dsdoctor.probes.clients.host import RealHost
from dsdoctor.probes.mounts import existing, mount_of
from tests.unit.probes.fakes import FakeHost

TABLE = """\
/dev/sda1 / ext4 rw,relatime 0 0
proc /proc proc rw,nosuid 0 0
server:/home /home nfs4 rw,vers=4.2 0 0
/dev/nvme0n1 /mnt/my\\040disk xfs rw,noexec 0 0
tmpfs /dev/shm tmpfs rw 0 0
broken line
"""


def host(**more: object) -> FakeHost:
    return FakeHost({"/proc/mounts": TABLE}, **more)  # type: ignore[arg-type]


def test_the_nearest_mount_counts() -> None:
    found = mount_of(host(), "/home/ann/.cache")
    assert found is not None
    assert (found.point, found.kind, found.network, found.memory) == ("/home", "nfs4", True, False)
    other = mount_of(host(), "/homework")
    assert other is not None
    assert other.point == "/"
    shm = mount_of(host(), "/dev/shm")
    assert shm is not None
    assert shm.memory


def test_blanks_and_options() -> None:
    found = mount_of(host(), "/mnt/my disk/swap")
    assert found is not None
    assert (found.kind, found.options) == ("xfs", ("rw", "noexec"))


def test_a_link_on_the_way_to_what_is_not_there_yet() -> None:
    linked = host(links={"/data": "/home/data"}, dirs=("/home/data",))
    found = mount_of(linked, "/data/run1/checkpoints")
    assert found is not None
    assert found.kind == "nfs4"


def test_nothing_known() -> None:
    assert mount_of(FakeHost(), "/home") is None


def test_the_part_that_is_there() -> None:
    assert existing(FakeHost(dirs=("/a/b",)), "/a/b/c/d") == "/a/b"
    assert existing(FakeHost(), "/a") == "/"


def test_this_machine() -> None:
    found = mount_of(RealHost(), "/proc/self")
    assert found is None or found.kind == "proc"
