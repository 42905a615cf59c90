"""Ends smoke runs at random moments and counts what they leave behind.

Usage: python -m benchmarks.smoke_endings [--runs 100] [--seed 1] [--python PYTHON] [--fake]

Each run is ended by SIGINT, SIGTERM or SIGHUP to dsdoctor, or by SIGKILL of a rank, of the
launcher or of dsdoctor itself, at a moment drawn between its start and its usual end. Counted
are processes that carry the run's mark, files in its temporary folder, shared memory, locks in
torch's extension cache, and reports that are no JSON of the contract. ``--fake`` uses a worker
without torch, whose runs take seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import jsonschema

from dsdoctor.smoke.processes import MARK

ROOT = Path(__file__).parent.parent
SCHEMA = json.loads((ROOT / "dsdoctor/report/report-1.schema.json").read_text())
SHM = Path("/dev/shm")
PATIENCE = 30.0
ENDINGS = (
    ("SIGINT", "dsdoctor"),
    ("SIGTERM", "dsdoctor"),
    ("SIGHUP", "dsdoctor"),
    ("SIGKILL", "dsdoctor"),
    ("SIGKILL", "rank"),
    ("SIGKILL", "launcher"),
)
CONFIG = {
    "train_micro_batch_size_per_gpu": 1,
    "gradient_clipping": 1.0,
    "optimizer": {"type": "AdamW", "params": {"lr": 1e-3}},
    "zero_optimization": {"stage": 2},
}


@dataclass(frozen=True)
class Left:
    """What one run left behind, and how it ended."""

    outcome: str
    orphans: int
    files: tuple[str, ...]
    readable: bool


def one_run(ending: tuple[str, str], moment: float, options: argparse.Namespace) -> Left:
    """Start a run, end it after ``moment`` seconds, and look around."""
    before = set(SHM.iterdir())
    cache = Path(options.cache)
    locks = held_up(cache)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as out:
        env = {**os.environ, "TMPDIR": folder, "TORCH_EXTENSIONS_DIR": str(cache)}
        config = Path(out, "ds_config.json")
        config.write_text(json.dumps(CONFIG))
        with Path(out, "report").open("wb") as report, Path(out, "err").open("wb") as err:
            doctor = subprocess.Popen(command(options, config), stdout=report, stderr=err, env=env)
            if ending[1] != "dsdoctor":
                started(doctor, folder)
            time.sleep(moment)
            own = ports(folder)
            strike(ending, doctor.pid, folder)
            with suppress(subprocess.TimeoutExpired):
                doctor.wait(600)
        orphans = settled(folder)
        left = [str(path) for path in Path(folder).iterdir()]
        # other jobs of this machine have ports of their own
        new = {*SHM.iterdir()} - before
        left += [str(path) for path in new if any(f"_{port}_" in path.name for port in own)]
        left += [str(path) for path in held_up(cache) - locks]
        outcome, readable = judged(Path(out, "report").read_text(), ending, doctor.returncode)
        return Left(outcome, orphans, tuple(left), readable)


def held_up(cache: Path) -> set[Path]:
    """The locks in it."""
    return {path for pattern in ("*/lock", "*/*/lock") for path in cache.glob(pattern)}


def started(doctor: subprocess.Popen[bytes], folder: str) -> None:
    """Wait until the run has ranks: before, there is no victim."""
    while doctor.poll() is None and not ranks(folder):
        time.sleep(0.05)


def command(options: argparse.Namespace, config: Path) -> list[str]:
    """The run; with ``--fake`` only its worker is another."""
    argv = [options.python, "-m"]
    argv += ["benchmarks.smoke_fake"] if options.fake else ["dsdoctor"]
    return [*argv, "smoke", str(config), "--format", "json", "--gpus", "2"]


def strike(ending: tuple[str, str], doctor: int, folder: str) -> None:
    """Send the signal; nobody is struck where the run is over."""
    name, victim = ending
    pids = {"dsdoctor": [doctor], "rank": ranks(folder), "launcher": launchers(folder)}[victim]
    for pid in pids[:1]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.Signals[name])


def carriers(folder: str) -> list[int]:
    """The processes of this run: they carry a mark, and our temporary folder."""
    found = []
    for path in Path("/proc").iterdir():
        with suppress(OSError):
            text = (path / "environ").read_bytes() if path.name.isdecimal() else b""
            if f"{MARK}=".encode() in text and folder.encode() in text:
                found.append(int(path.name))
    return sorted(found)


def ports(folder: str) -> set[str]:
    """The run's own, which names its shared memory."""
    found = set()
    for pid in carriers(folder):
        with suppress(OSError):
            for item in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                if item.startswith(b"MASTER_PORT="):
                    found.add(item.partition(b"=")[2].decode())
    return found


def ranks(folder: str) -> list[int]:
    """Those that have a rank."""
    return [
        pid for pid in carriers(folder) if b"\0RANK=" in Path(f"/proc/{pid}/environ").read_bytes()
    ]


def launchers(folder: str) -> list[int]:
    """The others, the first of them started first."""
    own = set(ranks(folder))
    return [pid for pid in carriers(folder) if pid not in own]


def settled(folder: str) -> int:
    """Wait a little, as the guardian needs time too; the processes that are left then."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and (carriers(folder) or list(Path(folder).iterdir())):
        time.sleep(0.1)
    return len(carriers(folder))


def judged(text: str, ending: tuple[str, str], code: int | None) -> tuple[str, bool]:
    """The outcome, and whether it can be read. A killed dsdoctor or one ended before its run
    began owes no report, but must not leave half of one.
    """
    if not text:
        return f"no report, exit {code}", ending[1] == "dsdoctor" or code != 0
    try:
        report = json.loads(text)
        jsonschema.validate(report, SCHEMA)
    except (ValueError, jsonschema.ValidationError):
        return "unreadable", False
    return str(report["smoke"]["outcome"]), True


def main() -> None:
    """Run them all and print a table."""
    options = arguments()
    for number in (signal.SIGINT, signal.SIGHUP):
        # a shell that starts us in the background has them ignored, and so would dsdoctor
        signal.signal(number, signal.SIG_DFL)
    chance = random.Random(options.seed)  # not for secrets
    totals: Counter[str] = Counter()
    table: Counter[tuple[str, str, str]] = Counter()
    started = time.monotonic()
    for number in range(options.runs):
        ending = ENDINGS[number % len(ENDINGS)]
        moment = chance.uniform(0.05, options.longest)
        left = one_run(ending, moment, options)
        totals += Counter(
            orphans=left.orphans, files=len(left.files), unreadable=int(not left.readable)
        )
        table[(*ending, left.outcome)] += 1
        if left.orphans or left.files or not left.readable:
            print(f"run {number}: {ending} after {moment:.2f} s: {left}", flush=True)
    for (name, victim, outcome), count in sorted(table.items()):
        print(f"{name:<8} {victim:<9} {outcome:<22} {count}")
    print(
        f"{options.runs} runs in {time.monotonic() - started:.0f} s: {totals['orphans']} orphans, "
        f"{totals['files']} files left, {totals['unreadable']} unreadable reports"
    )


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=25.0, help="seconds of a whole run")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--cache", default=str(Path.home() / ".cache/torch_extensions"))
    parser.add_argument("--fake", action="store_true", help="a worker without torch")
    return parser.parse_args()


if __name__ == "__main__":
    main()
