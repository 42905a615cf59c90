"""Supervision on real processes that hang, flood, die and refuse to go. No torch is needed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from dsdoctor.errors import UsageError
from dsdoctor.smoke.folder import PREFIX, RunFolder, free_port, run_folder
from dsdoctor.smoke.holdings import SHM, Holdings
from dsdoctor.smoke.launch import Launch
from dsdoctor.smoke.processes import MARK, marked
from dsdoctor.smoke.records import read_records
from dsdoctor.smoke.stopping import Stop
from dsdoctor.smoke.supervise import Ended, supervise
from dsdoctor.smoke.watch import Limits
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
FAKE = Path(__file__).parent / "fake_job.py"


@pytest.fixture(autouse=True)
def own_temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("TORCH_EXTENSIONS_DIR", str(tmp_path / "cache"))


@contextmanager
def ready(mode: str, **more: str) -> Iterator[tuple[RunFolder, Launch]]:
    """A folder with a plan, and the launch of a fake job."""
    with run_folder(None, ()) as folder:
        plan = folder.path / "plan.json"
        plan.write_text(json.dumps({"folder": str(folder.path)}))
        env = {**os.environ, MARK: folder.mark, **more}
        yield folder, Launch((sys.executable, str(FAKE), mode, "--plan", str(plan)), env)


def played(mode: str, limits: Limits, stop: Stop | None = None) -> tuple[Ended, RunFolder, int]:
    """One run: how it ended, where, and the steps of the first rank."""
    with ready(mode) as (folder, launch):
        ended = supervise(launch, folder, limits, stop or Stop())
        assert not marked(folder.mark)
        records = read_records(folder.path)
        size = folder.log.stat().st_size
    assert not folder.path.exists()
    return ended, folder, len(records[0].steps) if records else size


def test_a_good_run_ends_by_itself() -> None:
    ended, _, steps = played("well", Limits(30))
    assert (ended.code, ended.hung, ended.stopped, steps) == (0, "", None, 4)


@pytest.mark.parametrize("mode", ["hang", "stubborn"])
def test_a_hang_is_seen_and_ended(mode: str) -> None:
    """Both ranks are silent after step 2; one kind does not even heed SIGTERM."""
    ended, _, steps = played(mode, Limits(60, silence=2, step=2))
    assert ended.code is None
    assert ended.hung.endswith("s; rank 0-1 in train after step 2")
    assert (steps, ended.seconds < 20) == (2, True)


def test_the_time_limit_holds() -> None:
    ended, _, _ = played("hang", Limits(2, silence=60))
    assert ended.hung.startswith("not done after 2 s; ")


def test_ranks_that_their_launcher_left_are_ended() -> None:
    ended, _, steps = played("leave", Limits(30))
    assert (ended.code, ended.hung, steps) == (0, "", 2)
    assert ended.seconds < 15


def test_a_killed_rank_fails_the_run() -> None:
    ended, _, _ = played("die", Limits(30))
    assert ended.code == signal.SIGKILL


def test_a_note_to_stop_ends_the_run() -> None:
    stop = Stop()
    threading.Timer(1.0, stop.note, (signal.SIGTERM, None)).start()
    ended, _, _ = played("hang", Limits(60), stop)
    assert (ended.stopped, ended.hung) == (signal.SIGTERM, "")
    assert ended.seconds < 10


def test_a_flood_is_bounded_and_its_end_is_kept() -> None:
    """100 MB of output: 64 MiB and a note stay."""
    with ready("flood") as (folder, launch):
        ended = supervise(launch, folder, Limits(120), Stop())
        size = folder.log.stat().st_size
        with folder.log.open("rb") as stream:
            stream.seek((32 << 20) - 2000)
            middle = stream.read(6000)
    assert ended.code == 0
    assert (64 << 20) - 2_000_000 < size < (64 << 20) + 2_000_000
    assert b"bytes of output are left out here]\n" in middle


def test_stacks_are_collected_from_a_hang(tmp_path: Path) -> None:
    """py-spy is whatever the path finds under that name."""
    program = tmp_path / "py-spy"
    program.write_text('#!/bin/sh\necho "Process $3: python train.py"\necho "Python v3.11"\n')
    program.chmod(0o755)
    with ready("hang", PATH=f"{tmp_path}:{os.environ['PATH']}") as (folder, launch):
        supervise(launch, folder, Limits(60, silence=2, step=2), Stop())
        stacks = {path.name: path.read_text() for path in folder.path.glob("py-spy-*")}
        pids = {f"py-spy-rank{one.rank}.txt": one.pid for one in read_records(folder.path)}
    assert sorted(stacks) == ["py-spy-rank0.txt", "py-spy-rank1.txt"]
    assert all(f"Process {pids[name]}:" in text for name, text in stacks.items())


def test_a_lock_of_this_run_goes_and_that_of_another_stays(tmp_path: Path) -> None:
    """What somebody else holds is not removed."""
    ours, foreign = tmp_path / "cache/py311/cpu_adam/lock", tmp_path / "cache/py311/other/lock"
    for path in (ours, foreign):
        path.parent.mkdir(parents=True)
    code = f"import os,time; os.open({str(ours)!r}, os.O_CREAT | os.O_EXCL); time.sleep(600)"
    with run_folder(None, ()) as folder:
        env = {**os.environ, MARK: folder.mark}
        streams: list[IO[str]] = []
        timer = threading.Timer(0.5, lambda: streams.append(foreign.open("w")))
        timer.start()
        supervise(Launch((sys.executable, "-c", code), env), folder, Limits(3), Stop())
    assert not ours.exists()
    assert foreign.exists()
    streams[0].close()


def test_a_lock_whose_holder_was_killed_goes(tmp_path: Path) -> None:
    """By somebody else, before we looked."""
    lock = tmp_path / "cache/py311/cpu_adam/lock"
    lock.parent.mkdir(parents=True)
    code = f"import os; os.open({str(lock)!r}, os.O_CREAT | os.O_EXCL); os.kill(os.getpid(), 9)"
    with run_folder(None, ()) as folder:
        env = {**os.environ, MARK: folder.mark}
        supervise(Launch((sys.executable, "-c", code), env), folder, Limits(3), Stop())
    assert not lock.exists()


def test_shared_memory_goes_even_if_its_maker_is_gone(tmp_path: Path) -> None:
    """DeepSpeed names its segments after the port; those of other runs have other ports."""
    (tmp_path / "other_9999_0").touch()
    holdings = Holdings(tmp_path / "cache", tmp_path, port="4711")
    for name in ("deepspeed_allreduce_buffer_0_127.0.0.1_4711_0", "buffer_127.0.0.1_4712_0"):
        (tmp_path / name).touch()
    holdings.release()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "buffer_127.0.0.1_4712_0", "other_9999_0",
    ]  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_whatever_ends_dsdoctor_nothing_is_left(tmp_path: Path, number: signal.Signals) -> None:
    """SIGKILL too: then the guardian does it. A shell's background jobs ignore SIGINT at first."""
    code = (
        "import signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
        "from tests.smoke.test_supervision import *\n"
        "from dsdoctor.smoke.stopping import stops_noted\n"
        "with stops_noted() as stop, ready('stubborn') as (folder, launch):\n"
        "    print(folder.mark, flush=True)\n"
        "    supervise(launch, folder, Limits(60), stop)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
    with child:
        assert child.stdout is not None
        mark = child.stdout.readline().decode().strip()
        until(lambda: len(marked(mark)) >= 3)
        assert list(tmp_path.glob(f"{PREFIX}*"))
        os.kill(child.pid, number)
        child.wait(30)
    until(lambda: not marked(mark) and not list(tmp_path.glob(f"{PREFIX}*")))


def test_a_launcher_of_other_hosts_is_asked_first() -> None:
    """Its handler ends what runs elsewhere; it must be alone when it does."""
    code = (
        "import signal, sys, time\n"
        "def recall(*_):\n"
        "    time.sleep(4)\n"
        "    print('recalled', flush=True)\n"
        "    open(sys.argv[1], 'w').close()\n"
        "    sys.exit(1)\n"
        "signal.signal(signal.SIGTERM, recall)\n"
        "time.sleep(600)\n"
    )
    with run_folder(None, ()) as folder:
        done = folder.path / "done"
        env = {**os.environ, MARK: folder.mark}
        launch = Launch((sys.executable, "-c", code, str(done)), env, remote=True)
        supervise(launch, folder, Limits(2), Stop())
        assert done.exists()


def until(true: object, seconds: float = 20) -> None:
    """Wait until ``true()`` holds."""
    deadline = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_program_that_is_not_there_is_one_clear_error() -> None:
    with run_folder(None, ()) as folder, pytest.raises(UsageError, match="cannot be started"):
        supervise(Launch(("/nowhere/python",), dict(os.environ)), folder, Limits(5), Stop())


def test_a_folder_that_cannot_be_written_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="cannot be written"), run_folder(None, ()):
        pass


def test_a_kept_folder_stays_without_what_was_temporary(tmp_path: Path) -> None:
    with run_folder(tmp_path / "kept", ()) as folder:
        (folder.temporary / "x").write_text("")
        folder.log.write_text("said")
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["job.log"]


def test_the_guardian_knows_the_shared_memory_of_ranks_that_are_gone(tmp_path: Path) -> None:
    port = free_port()
    segment = SHM / f"deepspeed_allreduce_buffer_0_127.0.0.1_{port}_0"
    order = {"mark": "nobody", "remove": [], "cache": str(tmp_path), "port": port}
    guardian = subprocess.Popen(
        [sys.executable, "-m", "dsdoctor.smoke.guardian"], stdin=subprocess.PIPE, text=True
    )
    segment.write_bytes(b"")
    guardian.communicate(json.dumps(order) + "\n", timeout=30)
    assert not segment.exists()
