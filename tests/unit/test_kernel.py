"""Kernel logs: whose process, which device, when."""

from __future__ import annotations

import io
from datetime import datetime

import pytest

from dsdoctor.logs.kernel import KernelReader
from dsdoctor.logs.kernel_events import MAX_KEPT
from dsdoctor.logs.matcher import Matcher
from dsdoctor.logs.pci import pci_address
from dsdoctor.logs.record import LogRecord
from dsdoctor.logs.xid import xid_meaning
from dsdoctor.model import Event, Origin
from tests.conftest import ROOT

DMESG = (ROOT / "tests/data/witness/dmesg.txt").read_bytes()
STAMPS = ("[81234.567890] ", "[Sat Jan 31 10:00:00 2026] ", "Jan 31 10:00:00 node-1 kernel: ")
AT = datetime(2026, 1, 31, 10)


def read(matcher: Matcher, log: bytes | str) -> LogRecord:
    data = log.encode() if isinstance(log, str) else log
    return KernelReader(matcher, "dmesg.txt", Origin(), 2026).read(io.BytesIO(data).read)


def only(matcher: Matcher, line: str) -> Event:
    """The one event of a line."""
    events = read(matcher, line + "\n").events
    assert len(events) == 1, events
    return events[0]


def test_a_captured_kill_is_one_event(matcher: Matcher) -> None:
    """Its three lines and the cgroup's limit come together."""
    kill, crash = read(matcher, DMESG).events
    assert (kill.rule, kill.origin.pid, kill.count) == ("DSM017", 11352, 1)
    assert kill.fields == {
        "killed_pid": "11352",
        "process": "python3",
        "rss_kb": "2517456",
        "limit_kb": "3145728",
        "constraint": "CONSTRAINT_MEMCG",
        "cgroup": "/job-4711",
    }
    assert "Killed process 11352" in kill.text
    assert DMESG.splitlines()[kill.line - 1].decode() == kill.text
    assert (crash.rule, crash.origin.pid, crash.fields["library"]) == ("DSH044", 14645, "libc.so.6")


@pytest.mark.parametrize(
    ("stamp", "time", "host"),
    list(zip(STAMPS, (None, AT, AT), (None, None, "node-1"), strict=True)),
)
def test_times_of_three_kinds(
    matcher: Matcher, stamp: str, time: datetime | None, host: str | None
) -> None:
    """Seconds since the boot give no time of day."""
    event = only(matcher, f"{stamp}Out of memory: Killed process 41 (python) anon-rss:7kB")
    assert event.origin == Origin(pid=41, time=time, host=host)


def test_an_old_kernel_says_kill(matcher: Matcher) -> None:
    line = "Memory cgroup out of memory: Kill process 123 (python) score 1000 or sacrifice child"
    assert only(matcher, line).origin.pid == 123


def test_without_the_victims_line_the_announcement_counts(matcher: Matcher) -> None:
    """A log may be cut between the two."""
    cut = b"\n".join(DMESG.splitlines()[:83]) + b"\n"
    assert b"oom-kill:" in cut
    (event,) = read(matcher, cut).events
    assert (event.origin.pid, event.fields["cgroup"]) == (11352, "/job-4711")


def test_every_victim_is_kept(matcher: Matcher) -> None:
    """A job's log keeps a few lines of a kind; here each process may be the one."""
    lines = [f"[1.000000] Out of memory: Killed process {pid} (p)" for pid in range(100, 150)]
    record = read(matcher, "\n".join(lines) + "\n")
    assert [event.origin.pid for event in record.events] == list(range(100, 150))


def test_the_limit_of_another_kill_is_not_taken(matcher: Matcher) -> None:
    """Between two kills, what stands before the last announcement belongs to the first."""
    log = (
        "a invoked oom-killer: x\nmemory: usage 9kB, limit 9kB, failcnt 1\n"
        "Memory cgroup out of memory: Killed process 5 (a) anon-rss:1kB\n"
        "b invoked oom-killer: x\nOut of memory: Killed process 6 (b) anon-rss:1kB\n"
    )
    first, second = read(matcher, log).events
    assert (first.fields["limit_kb"], second.fields.get("limit_kb")) == ("9", None)


def test_the_cgroup_of_another_victim_is_not_taken(matcher: Matcher) -> None:
    """The announcement of the second kill was lost."""
    log = (
        "oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a,task_memcg=/a,task=a,pid=5,uid=0\n"
        "Out of memory: Killed process 6 (b) anon-rss:1kB\n"
    )
    first, second = read(matcher, log).events
    assert (first.origin.pid, first.fields["cgroup"]) == (5, "/a")
    assert (second.origin.pid, second.fields.get("cgroup")) == (6, None)


@pytest.mark.parametrize(
    ("line", "rule", "pid", "bus"),
    [
        ("NVRM: Xid (PCI:0000:3b:00): 79, pid=4711, name=python, GPU has fallen off the bus.",
         "DSH007", 4711, "0000:3b:00"),
        ("NVRM: Xid (PCI:0000:3b:00): 31, pid=4711, name=python, Ch 8, MMU Fault", "DSH009", 4711,
         "0000:3b:00"),
        ("NVRM: Xid (PCI:0000:ca:00): 62, pid='<unknown>', name=<unknown>, 2027", "DSH012", None,
         "0000:ca:00"),
        ("NVRM: Xid (PCI:0000:ca:00): 62, pid=0, GPU halted", "DSH012", None, "0000:ca:00"),
        ("NVRM: Xid (PCI:0000:19:00): 74, pid='<unknown>', NVLink: fatal error detected on link 4",
         "DSH006", None, "0000:19:00"),
        ("INFO: task python:4711 blocked for more than 120 seconds.", "DSH043", 4711, None),
        ("nvidia 0000:3b:00.0: AER: can't recover (no error_detected callback)", "DSH045", None,
         "0000:3b:00"),
    ],
)  # fmt: skip
def test_devices_and_processes(
    matcher: Matcher, line: str, rule: str, pid: int | None, bus: str | None
) -> None:
    """The process id is the host's, the address is spelt as NCCL's table will be."""
    event = only(matcher, STAMPS[0] + line)
    assert (event.rule, event.origin.pid, event.fields.get("bus")) == (rule, pid, bus)


def test_an_xid_is_told_in_words(matcher: Matcher) -> None:
    event = only(matcher, "NVRM: Xid (PCI:0000:3b:00): 79, pid=4711, name=python, GPU has fallen")
    assert event.fields["meaning"] == "the GPU has fallen off the bus"
    assert event.fields["process"] == "python"
    assert xid_meaning("99999") == ""


def test_a_flood_is_counted(matcher: Matcher) -> None:
    line = (
        "[81234.567890] pcieport 0000:3a:00.0: PCIe Bus Error: severity=Corrected, type=Link x,\n"
    )
    (event,) = read(matcher, line * 3000).events
    assert (event.count, event.line, event.last_line) == (3000, 1, 3000)


def test_a_rare_fault_does_not_drown_in_a_flood(matcher: Matcher) -> None:
    """Both lines have the same literals; addresses differ in each line of the flood."""
    line = "[{}.567890] NVRM: Xid (PCI:0000:3b:00): 31, pid=47, name=p, MMU Fault at 0x{:x}\n"
    flood = [line.format(i, i * 4096) for i in range(30_000)]
    flood[20_000] = "[9.567890] NVRM: Xid (PCI:0000:3b:00): 48, pid=47, name=p, DBE\n"
    fault, rare = read(matcher, "".join(flood)).events
    assert (fault.count, fault.last_line) == (29_999, 30_000)
    assert (rare.rule, rare.line) == ("DSH005", 20_001)


def test_the_same_fault_in_another_hour_is_another_event(matcher: Matcher) -> None:
    line = "[Sat Jan 31 {}:00:00 2026] NVRM: Xid (PCI:0000:3b:00): 31, pid=7, name=p, MMU Fault\n"
    log = "".join(line.format(hour) for hour in ("10", "10", "11"))
    assert [event.count for event in read(matcher, log).events] == [2, 1]


def test_too_many_kinds_are_counted_in_a_note(matcher: Matcher) -> None:
    lines = [f"Out of memory: Killed process {pid} (p)" for pid in range(1, MAX_KEPT + 11)]
    record = read(matcher, "\n".join(lines))
    assert len(record.events) == MAX_KEPT
    assert record.notes == ("dmesg.txt: 10 more kernel events were not kept",)


def test_nul_bytes_and_long_lines_do_no_harm(matcher: Matcher) -> None:
    log = (
        b"\0" * 5000 + b"\n" + b"x" * 3_000_000 + b"\nOut of memory: Killed process 7 (p)\n\xff\xfe"
    )
    assert [event.origin.pid for event in read(matcher, log).events] == [7]


def test_the_end_of_a_kernel_log_is_no_end_of_a_job(matcher: Matcher) -> None:
    record = read(matcher, DMESG)
    assert (record.tail, record.lines) == ((), 86)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("PCI:0000:3b:00", "0000:3b:00"), ("00000000:3B:00.0", "0000:3b:00"),
        ("0000:3b:00.0", "0000:3b:00"), ("3b000", "0000:3b:00"), ("100019000", "1000:19:00"),
        ("00010000:19:00.0", "10000:19:00"), ("", ""), ("python", ""), ("0000:3b", ""),
    ],
)  # fmt: skip
def test_pci_address(text: str, address: str) -> None:
    assert pci_address(text) == address
