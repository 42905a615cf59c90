"""What the names of files and their first bytes tell."""

from __future__ import annotations

from pathlib import Path

from dsdoctor.logs.filename import origin_of_name
from dsdoctor.logs.flight_recorder import rank_of_name
from dsdoctor.logs.witness import host_of, is_witness_name, kind_of
from tests.fuzz.target import Target

SEEDS = (
    b"logs/rank_3.log\0step 1", b"attempt_0/3/error.json\0{\"message\"",
    b"node-2/dmesg.txt\0[ 1.000000] x", b"fr_12\0\x80\x02}entriesversion",
    b"nvidia-smi.txt\0NVIDIA-SMI 580", b"py-spy-4312.txt\0Process 1: x\nPython v3",
    b"slurm-77_3.out\0", b"nccl_trace_rank_7\0{\"entries\":[\"pg_config\"",
    b"journal.log.gz\0<3>[ 1.000000] x",
)  # fmt: skip


def run(data: bytes) -> None:
    """Ask everything that is asked of a name."""
    name, _, head = data.partition(b"\0")
    text = name.decode("utf-8", "surrogateescape")
    path = Path(text)
    origin_of_name(text)
    rank_of_name(path.name, {0, 1, 12})
    is_witness_name(path.name)
    kind_of(path, head[:1024])
    host_of(path)


TARGET = Target(
    "names", run, lambda: SEEDS, lambda: ["rank", "node-", "error", ".log", "dmesg"], 300
)
