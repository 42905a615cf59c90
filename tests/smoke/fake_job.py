"""A launcher with two ranks that need no torch: it does what its mode says.

Usage: python fake_job.py MODE --plan PLAN. As the real launchers do, it puts its ranks into
sessions of their own.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

STEPS = 4


def launcher(mode: str, plan: str) -> int:
    """Start two ranks, wait for them, and end with the worst of their codes."""
    ranks = [
        subprocess.Popen(
            [sys.executable, __file__, mode, "--plan", plan, str(rank)],
            start_new_session=True,
            env={**os.environ, "RANK": str(rank)},
        )
        for rank in range(2)
    ]
    if mode == "leave":
        return 0
    codes = [rank.wait() for rank in ranks]
    return max((abs(code) for code in codes), default=0)


def rank_main(mode: str, plan: Path, rank: int) -> None:
    """One rank: it writes its lines and then does as it was told."""
    folder = Path(json.loads(plan.read_text())["folder"])
    with (folder / f"rank-{rank}.jsonl").open("a") as out:

        def say(event: str, **values: object) -> None:
            out.write(json.dumps({"event": event, "time": time.time(), **values}) + "\n")
            out.flush()

        say(
            "start",
            rank=rank,
            local_rank=rank,
            world_size=2,
            host="here",
            pid=os.getpid(),
            device="cpu",
            versions={"torch": "0"},
        )
        say("phase", name="init")
        say("phase", name="train")
        for step in range(1, STEPS + 1):
            say("step", step=step, loss=5.0 - step / 2, seconds=0.01, skipped=False)
            act(mode, rank, step)
        say(
            "memory",
            gpu_allocated=None,
            gpu_reserved=None,
            gpu_total=None,
            host_rss=1 << 20,
            host_pinned=0,
        )
        say("digest", name="parameters", value="ab" * 32)
        say("end", ok=True)


def act(mode: str, rank: int, step: int) -> None:
    """What goes wrong after the second step."""
    if mode == "slow":
        time.sleep(0.6)
    if step != 2:
        return
    if mode == "hang" or (mode == "stubborn" and not ignore()):
        time.sleep(600)
    if mode == "leave":
        time.sleep(600)
    if mode == "fail" and rank == 1:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")
    if mode == "die" and rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    if mode == "flood" and rank == 0:
        line = b"x" * 1000 + b"\n"
        for _ in range(100_000):
            os.write(1, line)


def ignore() -> bool:
    """From now on only SIGKILL ends this process."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    return False


if __name__ == "__main__":
    if len(sys.argv) > 4:
        rank_main(sys.argv[1], Path(sys.argv[3]), int(sys.argv[4]))
    else:
        sys.exit(launcher(sys.argv[1], sys.argv[3]))
