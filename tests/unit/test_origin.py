"""Prefixes tell who wrote a line."""

from __future__ import annotations

from datetime import datetime

import pytest

from dsdoctor.logs.origin import PrefixParser
from dsdoctor.model import Origin

AT = datetime(2026, 1, 31, 10, 0, 0, 123000)
SECOND = AT.replace(microsecond=0)


@pytest.mark.parametrize(
    ("line", "origin", "rest"),
    [
        ("[rank3]: boom", Origin(rank=3), "boom"),
        ("[rank3]:   File x", Origin(rank=3), "  File x"),
        ("[default3]:boom", Origin(local_rank=3), "boom"),
        ("10.0.0.2: boom", Origin(host="10.0.0.2"), "boom"),
        ("worker-1: boom", Origin(host="worker-1"), "boom"),
        ("worker-1:   File x", Origin(host="worker-1"), "  File x"),
        ("3: boom", Origin(rank=3), "boom"),
        (" 12: boom", Origin(rank=12), "boom"),
        ("[1,3]<stderr>:boom", Origin(rank=3), "boom"),
        ("[1,3]<stdout>: boom", Origin(rank=3), "boom"),
        ("(RayWorker pid=311, ip=10.0.0.2) boom", Origin(pid=311, host="10.0.0.2"), "boom"),
        ("(train_fn pid=311) boom", Origin(pid=311), "boom"),
        ("[2026-01-31 10:00:00,123] [INFO] [launch.py:1:main] boom", Origin(time=AT), "boom"),
        ("2026-01-31T10:00:00.123Z boom", Origin(time=AT), "boom"),
        ("2026-01-31T10:00:00.123+01:00 boom", Origin(time=AT), "boom"),
        ("2026-01-31 10:00:00.123 | INFO     | boom", Origin(time=AT), "boom"),
        (
            "[rank3]:[E131 10:00:00.123000000 ProcessGroupNCCL.cpp:616] [Rank 3] boom",
            Origin(rank=3, time=AT),
            "boom",
        ),
        (
            "E1120 11:22:41.913000 10638 torch/distributed/elastic/multiprocessing/api.py:869] x",
            Origin(pid=10638, time=datetime(2026, 11, 20, 11, 22, 41, 913000)),
            "x",
        ),
        ("[PG ID 0 PG GUID 0(default_pg) Rank 5] boom", Origin(rank=5), "boom"),
        ("[PG ID 2 PG GUID 7(mesh_dp 3) Rank 1] boom", Origin(rank=1), "boom"),
        ("[PG 0 (default_pg) Rank 1] boom", Origin(rank=1), "boom"),
        ("[E ProcessGroupNCCL.cpp:474] [Rank 2] boom", Origin(rank=2), "boom"),
        # the rank within a group never overrides the rank of the process
        ("[rank9]:[PG ID 2 PG GUID 7 Rank 1] boom", Origin(rank=9), "boom"),
        (
            "node7:4312:4398 [3] NCCL INFO boom",
            Origin(host="node7", pid=4312, local_rank=3),
            "NCCL INFO boom",
        ),
        ("[INFO|trainer.py:12] 2026-01-31 10:00:00,123 >> boom", Origin(time=AT), "boom"),
        ("01/31/2026 10:00:00 - boom", Origin(time=AT.replace(microsecond=0)), "boom"),
        ("trainer-0  | boom", Origin(host="trainer-0"), "boom"),
        ("[pod/train-0/main] boom", Origin(host="train-0"), "boom"),
        # dmesg in its forms, syslog and the journal
        ("[12345.678901] boom", Origin(), "boom"),
        ("[    0.212661][    T0]  boom", Origin(), " boom"),
        ("[  +0.000017] boom", Origin(), "boom"),
        ("[Jan31 10:00] boom", Origin(), "boom"),
        ("[Sat Jan 31 10:00:00 2026] boom", Origin(time=SECOND), "boom"),
        ("kern  :info  : [ 5526.539388] boom", Origin(), "boom"),
        ("2026-01-31T10:00:00,123000+00:00 boom", Origin(time=AT), "boom"),
        ("Jan 31 10:00:00 node-1 kernel: boom", Origin(host="node-1", time=SECOND), "boom"),
        ("Jan 31 10:00:00 gpu7 kernel: [12345.678901] x", Origin(host="gpu7", time=SECOND), "x"),
        ("Jan 31 10:00:00 node-1 slurmd[811]: boom", Origin(host="node-1", time=SECOND), "boom"),
        ("2026-01-31T10:00:00+0100 login kernel: x", Origin(host="login", time=SECOND), "x"),
        ("Sat 2026-01-31 10:00:00 CET login kernel: x", Origin(host="login", time=SECOND), "x"),
        # nested: pdsh, then torchrun, then glog
        (
            "10.0.0.2: [rank3]:[E131 10:00:00.123 a.cpp:1] boom",
            Origin(host="10.0.0.2", rank=3, time=AT),
            "boom",
        ),
    ],
)
def test_prefix(line: str, origin: Origin, rest: str) -> None:
    """Each prefix that occurs in the wild, and what is left of the line."""
    assert PrefixParser(Origin(), 2026).split(line) == (origin, rest)


@pytest.mark.parametrize(
    "line",
    [
        "RuntimeError: CUDA error",
        "train.py: error: unrecognized arguments",
        "python3.11: can't open file",
        "Epoch 3: 10%|█ | 1/10",
        "torch.cuda.OutOfMemoryError: CUDA out of memory",
        '  File "x.py", line 3, in main',
        "    raise ValueError(1)",
        "step 3 | loss 1.0 | lr 0.1",
        "frame #0: c10::Error::Error",
        "pdsh@node-1: worker-1: ssh exited with exit code 1",
        "epoch2: done",
        "[0.693147]",
        "May be slow: node kernel",
        "Jan 31 10:00:00 2026",
        "",
    ],
)
def test_no_prefix(line: str) -> None:
    """What merely looks like a prefix stays in the text."""
    assert PrefixParser(Origin(), 2026).split(line) == (Origin(), line)


def test_a_year_in_the_file_is_used_for_times_without_one() -> None:
    parser = PrefixParser(Origin(), 2026)
    parser.split("[2023-12-21 18:03:29,640] [INFO] x")
    origin, _ = parser.split("[E1221 18:03:30.1 a.cpp:1] x")
    assert origin.time == datetime(2023, 12, 21, 18, 3, 30, 100000)


def test_an_impossible_date_is_no_time() -> None:
    origin, rest = PrefixParser(Origin(), 2026).split("2026-13-41 10:00:00 boom")
    assert (origin.time, rest) == (None, "boom")


def test_the_name_of_the_file_fills_what_the_line_leaves_out() -> None:
    parser = PrefixParser(Origin(rank=7), 2026)
    assert parser.split("plain")[0].rank == 7
    assert parser.split("[2026-01-31 10:00:00,123] plain")[0].rank == 7
    assert parser.split("[rank2]: plain")[0].rank == 2
