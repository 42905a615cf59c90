"""Two processes add up a tensor. A script of its own for the job's Python: nothing of dsdoctor.

``python pair_child.py BACKEND DEVICES SECONDS``, DEVICES being two UUIDs of GPUs or nothing. The
last line of its output is JSON: ``ok``, ``bandwidth`` in GB/s, else ``kind`` (timeout, error,
wrong, no torch, no backend) and ``error``.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from typing import Any

MIB = 1 << 20
SIZES = {"nccl": 128 * MIB, "gloo": 4 * MIB}
"""Bytes of the tensor: enough to fill an NVLink, little enough for a full GPU."""
WARM_UP, ROUNDS = 3, 10
_DEATH_SIGNAL = 1
_TAIL = 400


def main(backend: str, devices: str, seconds: float) -> None:
    """Start both ranks, wait for them, tell what came of it."""
    with tempfile.TemporaryDirectory(prefix="dsdoctor-") as folder:
        ranks = [_start(rank, backend, devices, folder, seconds) for rank in (0, 1)]
        try:
            answer = _watched(ranks, folder, time.monotonic() + seconds)
        finally:
            for rank in ranks:
                _end(rank)
    print(json.dumps(answer))  # noqa: T201 - the answer


def _start(
    rank: int, backend: str, devices: str, folder: str, seconds: float
) -> subprocess.Popen[bytes]:
    """Its output goes to a file: a pipe that nobody empties would stop a talkative NCCL."""
    environment = dict(os.environ, DSDOCTOR_PAIR=json.dumps([rank, backend, folder, seconds]))
    if devices:
        environment["CUDA_VISIBLE_DEVICES"] = devices
    with open(_said(folder, rank), "wb") as said:  # noqa: PTH123
        return subprocess.Popen(  # noqa: S603 - this file again
            [sys.executable, os.path.abspath(__file__)],  # noqa: PTH100
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env=environment,
        )


def _said(folder: str, rank: int) -> str:
    return os.path.join(folder, f"rank{rank}")  # noqa: PTH118


def _end(rank: subprocess.Popen[bytes]) -> None:
    """One stuck in the driver cannot die: nobody waits for it."""
    rank.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        rank.wait(2)


def _watched(ranks: list[subprocess.Popen[bytes]], folder: str, until: float) -> dict[str, Any]:
    """The first failure counts: the other rank then waits in vain."""
    while time.monotonic() < until:
        codes = [rank.poll() for rank in ranks]
        failed = next((number for number, code in enumerate(codes) if code), None)
        if failed is not None:
            return _failure(codes[failed] or 0, folder, failed)
        if all(code == 0 for code in codes):
            return _answer_of(folder, 0)
        time.sleep(0.05)
    return {"ok": False, "kind": "timeout", "error": "no answer in time"}


def _failure(code: int, folder: str, rank: int) -> dict[str, Any]:
    if code < 0:
        return {"ok": False, "kind": "error", "error": f"died of {signal.Signals(-code).name}"}
    return _answer_of(folder, rank)


def _answer_of(folder: str, rank: int) -> dict[str, Any]:
    """The last line that the rank wrote."""
    with open(_said(folder, rank), "rb") as said:  # noqa: PTH123
        said.seek(max(0, os.fstat(said.fileno()).st_size - 10_000))
        lines = said.read().decode("utf-8", "replace").strip().splitlines()
    try:
        answer = json.loads(lines[-1])
    except (ValueError, IndexError):
        return {"ok": False, "kind": "error", "error": lines[-1][-_TAIL:] if lines else "silence"}
    return answer if isinstance(answer, dict) else {"ok": False, "kind": "error", "error": "?"}


def rank_main(rank: int, backend: str, folder: str, seconds: float) -> dict[str, Any]:
    """One rank: its answer, ``ok`` or not."""
    ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
    try:
        torch = importlib.import_module("torch")
        dist = importlib.import_module("torch.distributed")
    except Exception as error:  # noqa: BLE001 - a broken installation raises anything
        return {"ok": False, "kind": "no torch", "error": _short(error)}
    if not getattr(dist, f"is_{backend}_available")():
        return {"ok": False, "kind": "no backend", "error": f"this torch has no {backend}"}
    try:
        return _reduced(torch, dist, rank, backend, folder, seconds)
    except Exception as error:  # noqa: BLE001 - the driver's and NCCL's errors are of many kinds
        return {"ok": False, "kind": "error", "error": _short(error)}


def _reduced(
    torch: Any, dist: Any, rank: int, backend: str, folder: str, seconds: float
) -> dict[str, Any]:
    gpu = backend == "nccl"
    device = torch.device("cuda", rank) if gpu else torch.device("cpu")
    if gpu:
        torch.cuda.set_device(device)
    limit = timedelta(seconds=max(5.0, seconds))
    dist.init_process_group(
        backend, init_method=f"file://{folder}/store", rank=rank, world_size=2, timeout=limit
    )
    tensor = torch.full((SIZES[backend] // 4,), float(rank + 1), device=device)
    dist.all_reduce(tensor)
    right = bool((tensor == 3.0).all().item())
    taken = _timed(torch, dist, tensor, gpu=gpu)
    if not right:
        return {"ok": False, "kind": "wrong", "error": "the sum is wrong"}
    return {"ok": True, "bandwidth": SIZES[backend] / taken / 1e9}


def _timed(torch: Any, dist: Any, tensor: Any, *, gpu: bool) -> float:
    """Seconds of one all-reduce."""
    tensor.zero_()
    for _ in range(WARM_UP):
        dist.all_reduce(tensor)
    if gpu:
        torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(ROUNDS):
        dist.all_reduce(tensor)
    if gpu:
        torch.cuda.synchronize()
    return (time.perf_counter() - started) / ROUNDS


def _short(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # NCCL's own word for it stands in the last line
    told = lines[0] if len(lines) < 2 else f"{lines[0]} {lines[-1]}"
    return f"{type(error).__name__}: {told}"[:_TAIL] if lines else type(error).__name__


if __name__ == "__main__":
    del sys.path[0]
    if "DSDOCTOR_PAIR" in os.environ:
        result = rank_main(*json.loads(os.environ["DSDOCTOR_PAIR"]))
        print(json.dumps(result), flush=True)  # noqa: T201 - the answer
        # leaving in order may wait for the other rank
        os._exit(0 if result["ok"] else 1)
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
