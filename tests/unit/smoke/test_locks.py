"""Build locks that nobody holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dsdoctor.smoke import locks
from dsdoctor.smoke.holdings import Holdings
from dsdoctor.smoke.locks import lost_locks


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lock on a disk of this host."""
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/vda / ext4 rw 0 0\nproc /proc proc rw 0 0\n")
    monkeypatch.setattr(locks, "_MOUNTS", mounts)
    path = tmp_path / "cache" / "cpu_adam" / "lock"
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def test_one_that_a_process_has_open_is_held(lock: Path) -> None:
    with lock.open():
        assert lost_locks([lock]) == set()
    assert lost_locks([lock]) == {lock}


@pytest.mark.parametrize("kind", ["nfs4", "lustre", "fuse.sshfs", "unheard-of"])
def test_other_hosts_may_hold_one_on_a_shared_disk(lock: Path, kind: str) -> None:
    place = str(lock.parent.parent).replace(" ", "\\040")
    with locks._MOUNTS.open("a") as stream:
        stream.write(f"server:/x {place} {kind} rw 0 0\n")
    assert lost_locks([lock]) == set()


def test_one_of_somebody_else(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uid = lock.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: uid + 1)
    assert lost_locks([lock]) == set()


def test_one_that_is_gone(tmp_path: Path) -> None:
    assert lost_locks([tmp_path / "lock"]) == set()


def test_a_run_removes_those_that_came_while_it_ran(lock: Path, tmp_path: Path) -> None:
    holdings = Holdings(tmp_path / "cache", tmp_path / "no-shm")
    new = tmp_path / "cache" / "fused_adam" / "lock"
    new.parent.mkdir()
    new.touch()
    holdings.release()
    assert lock.exists()
    assert not new.exists()
