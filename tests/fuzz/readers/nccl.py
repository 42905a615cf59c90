"""NCCL's own lines: who formed which communicator, over what."""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.diagnosis.nccl import nccl_findings, nccl_lines, nccl_table
from dsdoctor.logs import nccl
from tests.fuzz.choices import Choices
from tests.fuzz.guard import assert_plain
from tests.fuzz.readers.common import CASES, files, pack, plain_seeds, record_of
from tests.fuzz.readers.log_lines import bent
from tests.fuzz.target import Target
from tests.fuzz.words import rules

_WHO = "comm 0x55{a:x} rank {r} nranks {n} cudaDev {g}"
TEXTS = """\
ncclCommInitRankConfig @ nvmlDev {g} busId {b:x} commId 0x5ae{i} - Init {w}
ncclCommInitRankConfig @ nvmlDev {g} busId {b:x} commId 0x5ae{i} - Init START
ncclCommInitRankConfig @ nvmlDev {g} busId {b:x} commId 0x5ae{i} - Init COMPLETE
@ busId {b:x} - Init COMPLETE
ncclCommSplit @ nvmlDev {g} busId {b:x} parent 0x55 splitCount {i} color {c} key {r} - Init {w}
Init timings - ncclCommInitRank: rank {r} nranks {n} total {n}.{g}5 (kernels 0.1, bootstrap 0.1)
comm 0x55 rank {r} nRanks {n} nNodes {g} localRanks {n} localRank {g} MNNVL 0
NCCL version 2.{i}.{r}+cuda12.4
Using network {w}
Bootstrap : Using eth{g}:10.0.0.{r}
Bootstrap: Using eth{g}:10.0.0.{r}
NET/IB : No device found.
NET/IB : Using [0]mlx5_{g}:1/IB [1]mlx5_{r}:1/RoCE [RO]; OOB eth{g}:10.0.0.{r}
NET/Socket : Using [0]eth{g}:10.0.0.{r}
NCCL_SOCKET_IFNAME set by environment to eth{g}.
NCCL_P2P_DISABLE set by environment to {g}.
NCCL_IB_HCA set to mlx5_{g}
Check P2P Type isAllDirectP2p {w}
P2P is disabled between connected GPUs {g} and {r}. You can repress this message
NVLS multicast support is {w}available on dev {g}
Channel 00/0 : {r}[{g}] -> {n}[{g}] via P2P/CUMEM
Channel 00/02 : {r}[{g}] -> {n}[{g}] [send] via NET/IB/0/GDRDMA
GPU Direct RDMA Disabled for HCA {g}
""".replace("@", _WHO).splitlines()
WORDS = ("START", "COMPLETE", "IB", "Socket", "0", "1", "not ", "")


def run(data: bytes) -> None:
    """Read the lines, make the table and the findings."""
    text = data[1:] if data[:1] == b"\0" else _written(Choices(data[1:]))
    records = [record_of(text)]
    if len(text) % 4 == 0:
        records.append(record_of(text[: len(text) // 2], "node-2.log"))
    table = nccl_table(records)
    for finding in nccl_findings(table, pack()):
        assert_plain(finding.message)
    for line in nccl_lines(table):
        assert_plain(line)


def _written(choices: Choices) -> bytes:
    lines: list[bytes] = []
    while choices and len(lines) < 6:
        gpu, rank = choices.number(9), choices.number(17)
        text = choices.pick(TEXTS).format(
            a=choices.number(5), r=rank, n=choices.number(17), g=gpu, b=gpu * 4096,
            i=choices.number(30), c=choices.number(4) - 1, w=choices.pick(WORDS),
        )  # fmt: skip
        kind = choices.pick(("INFO", "INFO", "INFO", "WARN"))
        where = "misc/x.cc:12 " if kind == "WARN" else ""
        host = choices.pick(("node-1", "node-2", "box"))
        lines.append(
            bent(
                f"{host}:{100 + gpu}:{900 + gpu} [{gpu}] {where}NCCL {kind} {text}".encode(),
                choices,
            )
        )
    return b"\n".join(lines)


def seeds() -> Iterator[bytes]:
    """What the rules know of NCCL, and captured jobs that printed it."""
    samples = (
        s.log.encode()
        for r in rules()
        if r.family == "network" and r.samples
        for s in r.samples.fires
    )
    captured = (data for data in files("*/job.log", below=CASES) if b"NCCL INFO" in data)
    yield from plain_seeds([*samples, *captured], 255)


TARGET = Target("nccl", run, seeds, lambda: [anchor for _, anchor, _ in nccl.PATTERNS], 256)
