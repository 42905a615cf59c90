"""The reader of kernel logs, and what they mean for a job."""

from __future__ import annotations

import io
from collections.abc import Iterator

from dsdoctor.diagnosis.job_traits import job_traits
from dsdoctor.diagnosis.relevance import settled
from dsdoctor.logs.kernel import KernelReader
from dsdoctor.model import Origin
from tests.fuzz.choices import Choices
from tests.fuzz.guard import assert_plain
from tests.fuzz.readers.common import ROOT, files, matcher, pack, plain_seeds
from tests.fuzz.readers.log import texts_of
from tests.fuzz.readers.log_lines import bent
from tests.fuzz.target import Target
from tests.fuzz.words import anchors, rules

STAMPS = (
    b"", b"[ 1234.567890] ", b"Jan 31 10:00:00 node-1 kernel: ", b"kern  :err   : [  12.000001] ",
    b"[Sat Jan 31 10:00:00 2026] ", b"<3>[    1.000000] ",
)  # fmt: skip
LINES = (
    b"python invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
    b"memory: usage 1048576kB, limit 1048576kB, failcnt 12",
    b"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=a,mems_allowed=0,"
    b"oom_memcg=/slurm/job_7,task_memcg=/slurm/job_7,task=python,pid=4312,uid=0",
    b"Out of memory: Killed process 4312 (python) total-vm:9kB, anon-rss:8kB, file-rss:0kB",
    b"NVRM: Xid (PCI:0000:3b:00): 79, pid='4312', name=python, GPU has fallen off the bus.",
    b"NVRM: Xid (PCI:0000:3b:00): 48, pid=4312, DBE (double bit error)",
    b"nvidia 0000:3b:00.0: AER: Corrected error received",
    b"EXT4-fs error (device nvme0n1p1): ext4_find_entry:1455: inode #2: comm python: reading",
    b"nfs: server 10.0.0.3 not responding, still trying",
    b"INFO: task python:4312 blocked for more than 120 seconds.",
    b"traps: python[4312] general protection fault ip:7f sp:7f error:0 in libc.so",
)


def run(data: bytes) -> None:
    """Read a log and settle what of it is about the job."""
    text = data[1:] if data[:1] == b"\0" else _written(Choices(data[1:]))
    record = KernelReader(matcher(), "dmesg", Origin(host="node-1"), 2026).read(
        io.BytesIO(text).read
    )
    assert all(1 <= event.line <= event.last_line for event in record.events)
    for shown in texts_of(record):
        assert_plain(shown)
    settled(record, job_traits([record]), pack())


def _written(choices: Choices) -> bytes:
    lines = []
    while choices and len(lines) < 8:
        lines.append(bent(choices.pick(STAMPS) + choices.pick(LINES), choices))
    return b"\n".join(lines)


def seeds() -> Iterator[bytes]:
    """A captured log of a kernel, and what the rules know of kernels."""
    samples = (
        s.log.encode() for r in rules() if r.family == "host" and r.samples for s in r.samples.fires
    )
    yield from plain_seeds([*files("dmesg.txt", below=ROOT / "tests/data/witness"), *samples], 255)


TARGET = Target("kernel", run, seeds, anchors, 256)
