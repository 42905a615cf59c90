"""File names tell who wrote a log."""

from __future__ import annotations

import pytest

from dsdoctor.logs.filename import origin_of_name
from dsdoctor.model import Origin


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("logs/rank_3.log", Origin(rank=3)),
        ("logs/rank3.out", Origin(rank=3)),
        ("2026-01-31-10-00-00_rank12.log", Origin(rank=12)),
        ("run/attempt_0/3/stderr.log", Origin(local_rank=3)),
        ("logs/node-2/none_x/attempt_0/0/stderr.log", Origin(local_rank=0, host="node-2")),
        ("slurm-77_3.out", Origin(rank=3)),
        ("slurm-77.out", Origin()),
        ("logs/node-7.log", Origin(host="node-7")),
        ("frank3.log", Origin()),
        ("logs/rank_3/stderr.log", Origin(rank=3)),
        ("runs/rank1-test/job.log", Origin()),
        ("runs/kill-rank1-sigkill/job.log", Origin()),
        ("job.log", Origin()),
        ("node-2/rank_9.log.gz", Origin(rank=9)),
    ],
)
def test_name(name: str, origin: Origin) -> None:
    assert origin_of_name(name) == origin
