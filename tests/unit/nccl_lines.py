"""Writes lines as NCCL_DEBUG=INFO prints them, for the tests of NCCL's table."""

from __future__ import annotations


def say(host: str, gpu: int, text: str) -> str:
    """A line of the process that has GPU ``gpu`` of ``host``."""
    return f"{host}:{100 + gpu}:{900 + gpu} [{gpu}] NCCL INFO {text}\n"


def comm(
    word: str, host: str, gpu: int, rank: int, nranks: int, name: str = "0x5ae77eb5ea4ec1ee"
) -> str:
    """A rank starts to form a communicator, or has done so (2.20 and later)."""
    address = f"0x55{rank:04x}{int(name, 16) % 65536:04x}"
    text = (
        f"ncclCommInitRankConfig comm {address} rank {rank} nranks {nranks} cudaDev {gpu} "
        f"nvmlDev {gpu} busId {16 + gpu:x}000 commId {name} - Init {word}"
    )
    return say(host, gpu, text)


def start(host: str, gpu: int, rank: int, nranks: int, name: str = "0x5ae77eb5ea4ec1ee") -> str:
    """A rank starts."""
    return comm("START", host, gpu, rank, nranks, name)


def done(host: str, gpu: int, rank: int, nranks: int, name: str = "0x5ae77eb5ea4ec1ee") -> str:
    """A rank is done."""
    return comm("COMPLETE", host, gpu, rank, nranks, name)


def both(host: str, gpu: int, rank: int, nranks: int, name: str = "0x5ae77eb5ea4ec1ee") -> str:
    """A rank starts and is done."""
    return start(host, gpu, rank, nranks, name) + done(host, gpu, rank, nranks, name)


def single_host(gpus: int = 2, host: str = "box") -> str:
    """What a sound job on one host without InfiniBand prints, 2.28."""
    return "".join(sound_process(host, gpu, gpus) for gpu in range(gpus))


def sound_process(host: str, gpu: int, gpus: int) -> str:
    """One process of it."""
    lines = (
        "NCCL version 2.28.9+cuda12.9",
        "Bootstrap: Using eth0:10.0.0.5<0>",
        "NET/IB : No device found.",
        "NET/IB : Using [RO]; OOB eth0:10.0.0.5<0>",
        "Failed to initialize NET plugin IB",
        "NET/Socket : Using [0]eth0:10.0.0.5<0>",
        "Assigned NET plugin Socket to comm",
        "Using network Socket",
        f"NVLS multicast support is available on dev {gpu} (NVLS_NCHANNELS 32)",
        f"comm 0x55 rank {gpu} nRanks {gpus} nNodes 1 localRanks {gpus} localRank {gpu} MNNVL 0",
        "Check P2P Type isAllDirectP2p 1 directMode 0 isAllCudaP2p 1",
    )
    timings = (
        f"Init timings - ncclCommInitRankConfig: rank {gpu} nranks {gpus} total 2.34 "
        "(kernels 0.41, alloc 1.30, bootstrap 0.01, connections 0.52, rest 0.01)"
    )
    log = "".join(say(host, gpu, line) for line in lines[:8]) + start(host, gpu, gpu, gpus)
    log += "".join(say(host, gpu, line) for line in lines[8:]) + channels(host, gpu, gpus)
    return log + done(host, gpu, gpu, gpus) + say(host, gpu, timings)


def channels(host: str, gpu: int, gpus: int, count: int = 24) -> str:
    """The flood: each channel to the next GPU."""
    other = (gpu + 1) % gpus
    return "".join(
        say(host, gpu, f"Channel {n:02}/0 : {gpu}[{gpu}] -> {other}[{other}] via P2P/CUMEM")
        for n in range(count)
    )


def two_hosts(network: str = "IB", *, found: str = "", before: str = "") -> str:
    """Two hosts with two GPUs each, all in one communicator that comes up."""
    log = ""
    for rank in range(4):
        host, gpu = f"node-{rank // 2}", rank % 2
        log += say(host, gpu, before) if before else ""
        log += say(host, gpu, found) if found else ""
        log += say(host, gpu, f"Using network {network}") + both(host, gpu, rank, 4)
    return log
