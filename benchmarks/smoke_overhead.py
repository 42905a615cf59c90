"""``dsdoctor smoke`` against the bare ``deepspeed`` launch of the same worker and plan.

Usage: python -m benchmarks.smoke_overhead [CONFIG] [--rounds 5] [--python VENV/bin/python]

Both run turn about on the same machine; compared are the medians of their wall times. The first
run, which may compile DeepSpeed's ops, does not count.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from dsdoctor.smoke.command_lines import MODULES
from dsdoctor.smoke.folder import free_port
from dsdoctor.smoke.launch import WORKER

CONFIG = {
    "train_micro_batch_size_per_gpu": 1,
    "gradient_clipping": 1.0,
    "optimizer": {"type": "AdamW", "params": {"lr": 1e-3}},
    "zero_optimization": {"stage": 2},
}


def doctor(config: Path, keep: Path, options: argparse.Namespace) -> float:
    """The whole command, from its start to its report."""
    argv = [options.python, "-m", "dsdoctor", "smoke", str(config), "--keep", str(keep)]
    return timed([*argv, "--gpus", str(options.gpus)], dict(os.environ))


def bare(keep: Path, options: argparse.Namespace) -> float:
    """The launch of what the doctor planned, as a user would type it."""
    plan = json.loads((keep / "plan.json").read_text())
    # what the doctor sets for a run on a CPU, so that both ranks have the same threads
    cores = max(1, (os.cpu_count() or 1) // options.gpus)
    on_cpu = {"DS_ACCELERATOR": "cpu", "OMP_NUM_THREADS": str(cores)}
    env = {**(on_cpu if plan["device"] == "cpu" else {}), **os.environ}
    beside = str(Path(options.python).parent)
    env["PATH"] = f"{env['PATH']}{os.pathsep}{beside}"
    return timed(launch_of(keep, options), env)


def launch_of(keep: Path, options: argparse.Namespace) -> list[str]:
    """The bare launch of the plan in ``keep``, once what ranks wrote there before is removed."""
    for path in keep.glob("rank-*.jsonl"):
        path.unlink()
    argv = [options.python, "-m", MODULES["deepspeed"], f"--num_gpus={options.gpus}"]
    return [*argv, f"--master_port={free_port()}", str(WORKER), "--plan", str(keep / "plan.json")]


def timed(argv: list[str], env: dict[str, str]) -> float:
    """Seconds until it ended, as it must, well."""
    started = time.monotonic()
    done = subprocess.run(argv, env=env, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(argv)}\n{done.stdout.decode()[-3000:]}{done.stderr.decode()[-3000:]}")
    return time.monotonic() - started


def main() -> None:
    """Print both medians and their ratio."""
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        keep = Path(folder, "run")
        config = options.config or Path(folder, "ds_config.json")
        if options.config is None:
            config.write_text(json.dumps(CONFIG))
        doctor(config, keep, options)
        pairs = []
        for number in range(options.rounds):
            order = (1, 0) if number % 2 else (0, 1)
            took = {0: 0.0, 1: 0.0}
            for which in order:
                took[which] = bare(keep, options) if which else doctor(config, keep, options)
            pairs.append((took[0], took[1]))
            print(f"doctor {took[0]:.2f} s, bare {took[1]:.2f} s", flush=True)
    ours, theirs = (median(values) for values in zip(*pairs, strict=True))
    print(f"median: doctor {ours:.2f} s, bare {theirs:.2f} s, ratio {ours / theirs:.3f}")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("config", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--gpus", type=int, default=2)
    parser.add_argument("--python", default=sys.executable)
    return parser.parse_args()


if __name__ == "__main__":
    main()
