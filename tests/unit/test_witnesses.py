"""All witnesses of a job together with its logs."""

from __future__ import annotations

import io
import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dsdoctor.diagnosis.explain import explain
from dsdoctor.diagnosis.material import Material
from dsdoctor.diagnosis.witnesses import Heard, clock_of, read_witnesses
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.matcher import Matcher
from dsdoctor.logs.reader import LogReader
from dsdoctor.logs.record import LogRecord
from dsdoctor.logs.witness import sorted_out
from dsdoctor.model import Confidence, Origin, Role, Severity
from tests.conftest import ROOT

Hear = Callable[[str], Heard]

DATA = ROOT / "tests" / "data" / "witness"
LOG = """\
[2026-01-31 10:00:00,000] [INFO] [launch.py:256:main] process 4710 spawned with command: \
['/bin/python3', '-u', 'train.py', '--local_rank=0']
[2026-01-31 10:00:00,000] [INFO] [launch.py:256:main] process 4711 spawned with command: \
['/bin/python3', '-u', 'train.py', '--local_rank=1']
[2026-01-31 11:00:00,000] [INFO] [launch.py:325:sigkill_handler] Killing subprocess 4710
[2026-01-31 11:00:01,000] [ERROR] [launch.py:331:sigkill_handler] ['/bin/python3', '-u', \
'train.py', '--local_rank=1'] exits with return code = -9
"""
KILL = "Out of memory: Killed process {} (python3) total-vm:9kB, anon-rss:8kB"


def log_record(matcher: Matcher, text: str = LOG) -> LogRecord:
    reader = LogReader(matcher, "job.log", Origin(), 2026)
    return reader.read(io.BytesIO(text.encode()).read, lambda _: None)


@pytest.fixture(name="hear")
def _hear(tmp_path: Path, pack: Pack, matcher: Matcher) -> Hear:
    """Reads one kernel log beside the job's log."""

    def hear(text: str) -> Heard:
        (tmp_path / "dmesg.txt").write_text(text)
        witnesses = sorted_out([tmp_path / "dmesg.txt"])[1]
        return read_witnesses(witnesses, pack, matcher, [log_record(matcher)])

    return hear


@pytest.fixture(name="utc", autouse=True)
def _utc() -> Iterator[None]:
    """This machine stands in UTC, wherever it is."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "UTC"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def test_the_killed_rank_is_named(hear: Hear, pack: Pack, matcher: Matcher) -> None:
    """The kernel names a process, the launcher its rank: together they name the cause."""
    heard = hear(f"[Sat Jan 31 10:59:58 2026] {KILL.format(4711)}\n")
    report = explain(Material([log_record(matcher)], heard.records), pack)
    root = report.verdict.root
    assert root is not None
    assert (root.code, root.ranks, root.confidence) == ("DSM017", (1,), Confidence.CERTAIN)
    assert "process 4711" in root.message


@pytest.mark.parametrize("stamp", ["[81234.567890]", "[Sat Jan 31 11:59:58 2026]"])
def test_the_process_counts_more_than_the_clock(hear: Hear, stamp: str) -> None:
    """No time of day, or that of another zone."""
    heard = hear(f"{stamp} {KILL.format(4711)}\n")
    assert [event.origin.pid for event in heard.records[0].events] == [4711]


@pytest.mark.parametrize(("pid", "stamp"), [(4711, "24 10"), (99, "24 10"), (99, "31 12")])
def test_what_happened_at_another_time_is_left_out(hear: Hear, pid: int, stamp: str) -> None:
    """Process ids come again after days; another's process is not excused by a time zone."""
    heard = hear(f"[Sat Jan {stamp}:59:58 2026] {KILL.format(pid)}\n")
    (record,) = heard.records
    assert not record.events
    assert not heard.findings
    assert "1 kernel messages outside the job's time (2026-01-31 10:00 to " in record.notes[0]


@pytest.mark.parametrize(
    "line",
    [
        f"[Sat Jan 31 10:59:58 2026] {KILL.format(99)}",
        f"[81234.567890] {KILL.format(99)}",
        "[81234.567890] NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus.",
    ],
)
def test_what_may_be_of_others_is_context(
    hear: Hear, line: str, pack: Pack, matcher: Matcher
) -> None:
    """Another process, or nothing that ties it to the job: told, never the root."""
    heard = hear(line + "\n")
    (finding,) = heard.findings
    assert (finding.role, finding.severity) == (Role.CONTEXT, Severity.INFO)
    assert finding.confidence is Confidence.POSSIBLE
    root = explain(Material([log_record(matcher)], heard.records), pack).verdict.root
    assert root is None or root.code != finding.code


def test_a_gpu_fault_in_the_jobs_time_counts(hear: Hear) -> None:
    heard = hear("[Sat Jan 31 10:59:58 2026] NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen\n")
    assert [event.rule for event in heard.records[0].events] == ["DSH007"]


def test_an_exception_in_log_and_error_json_is_one(
    tmp_path: Path, pack: Pack, matcher: Matcher
) -> None:
    """The log marks its ranks, so the copies in error.json are passed over."""
    shutil.copytree(DATA / "torchrun", tmp_path / "run")
    log = log_record(matcher, (tmp_path / "run/job.log").read_text())
    files = sorted_out(sorted((tmp_path / "run").rglob("*.json")))[1]
    heard = read_witnesses(files, pack, matcher, [log])
    assert [record.tracebacks for record in heard.records] == [(), ()]
    alone, both = explain(Material([log]), pack), explain(Material([log], heard.records), pack)
    assert both.verdict.root is not None
    assert alone.verdict.root is not None
    assert both.verdict.root.ranks == (1,)
    assert both.verdict.root.count == alone.verdict.root.count


def test_error_json_names_the_rank_that_the_log_leaves_out(pack: Pack, matcher: Matcher) -> None:
    """torch before 2.3 marks no rank: both exceptions look alike but for these files."""
    text = (DATA / "torchrun/job.log").read_text()
    log = log_record(matcher, text.replace("[rank1]: ", "").replace("[rank0]: ", ""))
    files = sorted_out(sorted((DATA / "torchrun").rglob("*.json")))[1]
    heard = read_witnesses(files, pack, matcher, [log])
    root = explain(Material([log], heard.records), pack).verdict.root
    assert root is not None
    assert root.ranks == (1,)
    assert "labels" in root.message


def test_error_json_alone_names_cause_and_fallout(pack: Pack, matcher: Matcher) -> None:
    """Nobody kept the log."""
    files = sorted_out(sorted((DATA / "torchrun").rglob("*.json")))[1]
    report = explain(Material(heard=read_witnesses(files, pack, matcher).records), pack)
    root = report.verdict.root
    assert root is not None
    assert (root.ranks, "labels" in root.message) == ((1,), True)
    assert [item.ranks for item in report.findings if item.role is Role.CONSEQUENCE] == [(0,)]


ERROR = datetime(2026, 1, 31, 10)


@pytest.mark.parametrize(
    ("last", "shift"),
    [
        (None, 0),
        (ERROR, 0),
        (ERROR + timedelta(minutes=30), 0),
        (ERROR + timedelta(hours=1, seconds=5), 1),
        (ERROR - timedelta(hours=8, seconds=30), -8),
        (ERROR + timedelta(hours=3, minutes=7), None),
        (ERROR + timedelta(days=3), None),
    ],
)
def test_the_zone_of_the_logs(last: datetime | None, shift: int | None) -> None:
    """Whole quarters of an hour from UTC, or no times at all: a guess would invent an order."""
    zone = clock_of(ERROR, last)
    shown = zone(ERROR.timestamp()) if zone else None
    assert shown == (None if shift is None else ERROR + timedelta(hours=shift))


def test_times_of_an_unknown_zone_are_dropped(pack: Pack, matcher: Matcher) -> None:
    files = sorted_out(sorted((DATA / "torchrun").rglob("*.json")))[1]
    heard = read_witnesses(files, pack, matcher, [log_record(matcher)])
    assert [record.origin.time for record in heard.records] == [None, None]
    assert "zone" in heard.notes[0]


def test_a_gpu_that_is_gone_is_a_cause_and_a_sound_one_is_nothing(
    tmp_path: Path, pack: Pack, matcher: Matcher
) -> None:
    path = tmp_path / "nvidia-smi.txt"
    path.write_text("Unable to determine the device handle for GPU 0000:5E:00.0: Unknown Error\n"
                    + (DATA / "nvidia-smi.txt").read_text())  # fmt: skip
    heard = read_witnesses(sorted_out([path, DATA / "nvidia-smi-q.txt"])[1], pack, matcher)
    assert [[event.rule for event in record.events] for record in heard.records] == [["DSH007"], []]


def test_what_cannot_be_read_is_noted_and_the_rest_is_read(
    tmp_path: Path, pack: Pack, matcher: Matcher
) -> None:
    """A missing file, damaged gzip, an empty error.json, then a good kernel log."""
    (tmp_path / "kern.log.gz").write_bytes(b"\x1f\x8b" + b"x" * 50)
    (tmp_path / "error.json").write_bytes(b"")
    (tmp_path / "dmesg.txt").write_bytes((DATA / "dmesg.txt").read_bytes())
    names = ["dmesg-gone.txt", "dmesg.txt", "error.json", "kern.log.gz"]
    heard = read_witnesses(sorted_out(tmp_path / name for name in names)[1], pack, matcher)
    notes = [note for record in heard.records for note in record.notes]
    assert len(notes) == 3
    assert sorted(finding.code for finding in heard.findings) == ["DSH044", "DSM017"]
