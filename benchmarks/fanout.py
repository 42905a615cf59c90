"""One guilty rank among 4,096 on 512 hosts: right verdict, bounded memory, one page.

Usage: python -m benchmarks.fanout [--hosts 512] [--ranks-per-host 8] [--megabytes 2000]

Each host's log is made of real lines: the training noise of the healthy captures, then the lines
that a rank printed in the captured case ``rank-error-keyerror`` when its peer was gone, once for
every rank of the host. One host holds, a second earlier, the lines of the rank that raised.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.make_log import HEALTHY, noise
from benchmarks.scan import measure

CASE = Path(__file__).parent.parent / "fixtures" / "cases" / "rank-error-keyerror" / "job.log"
TARGET_MEMORY = 300
PAGE = 60


def lines_of(rank: int) -> bytes:
    """The lines of one rank of the captured case."""
    mark = f"[rank{rank}]:".encode()
    return b"".join(x for x in CASE.read_bytes().splitlines(keepends=True) if x.startswith(mark))


def stamp(host: int, second: int) -> bytes:
    """A launcher line with a time, as DeepSpeed prints it."""
    clock = f"2026-01-31 10:{second // 60:02d}:{second % 60:02d},{host % 1000:03d}"
    return f"[{clock}] [INFO] [launch.py:300:main] node_rank={host}\n".encode()


def write_host(path: Path, host: int, size: int, ranks: range, guilty: int, world: int) -> None:
    """One host's log."""
    block = noise(HEALTHY)
    head = f"[2026-01-31 10:00:00,000] [INFO] [launch.py:164:main] dist_world_size={world}\n"
    waiting, raising = lines_of(0), lines_of(1)
    with path.open("wb") as out:
        out.write(head.encode())
        out.writelines(block for _ in range(max(1, size // len(block))))
        for rank in ranks:
            mark = f"[rank{rank}]:".encode()
            if rank == guilty:
                out.write(stamp(host, 600) + raising.replace(b"[rank1]:", mark))
            else:
                out.write(stamp(host, 601) + waiting.replace(b"[rank0]:", mark))


def write_job(folder: Path, hosts: int, per_host: int, megabytes: int) -> int:
    """All logs of the job; returns the guilty rank."""
    world = hosts * per_host
    guilty = world * 2 // 3 + 1
    size = megabytes * 1_000_000 // hosts
    for host in range(hosts):
        ranks = range(host * per_host, (host + 1) * per_host)
        write_host(folder / f"node-{host}.log", host, size, ranks, guilty, world)
    return guilty


def main() -> int:
    """Print the figures; exit with 1 if the verdict is wrong or a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--hosts", type=int, default=512)
    parser.add_argument("--ranks-per-host", type=int, default=8)
    parser.add_argument("--megabytes", type=int, default=2000)
    parser.add_argument("--dsdoctor", default=shutil.which("dsdoctor") or ".venv/bin/dsdoctor")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        guilty = write_job(folder, options.hosts, options.ranks_per_host, options.megabytes)
        program = str(Path(options.dsdoctor).absolute())
        seconds, memory = measure([program, "explain", str(folder)])
        root, page = verdict(program, folder)
    size = options.megabytes
    print(f"{options.hosts} hosts, {options.hosts * options.ranks_per_host} ranks, {size} MB")
    print(f"dsdoctor explain    {size / seconds:8.0f} MB/s  {memory:6.0f} MB  {seconds:6.1f} s")
    print(f"guilty rank {guilty}: said {root['ranks']} ({root['confidence']}), {page} lines")
    right = root["ranks"] == [guilty] and page <= PAGE
    return 0 if right and memory <= TARGET_MEMORY else 1


def verdict(program: str, folder: Path) -> tuple[dict[str, object], int]:
    """The root finding, and the number of lines of the text report."""
    json_out, text_out = (folder / f"report.{kind}" for kind in ("json", "text"))
    started = time.perf_counter()
    os.system(f"{program} explain --format json {folder}/*.log > {json_out}")
    print(f"again as JSON       {time.perf_counter() - started:8.1f} s", file=sys.stderr)
    os.system(f"{program} explain {folder}/*.log > {text_out}")
    root = json.loads(json_out.read_text())["verdict"]["root"]
    return root, len(text_out.read_text().splitlines())


if __name__ == "__main__":
    raise SystemExit(main())
