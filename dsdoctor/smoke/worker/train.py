"""``train.py --plan plan.json``: one rank of the smoke job."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
from pathlib import Path

NAME = "smoke_worker"
"""What this folder is called as a package here: dsdoctor itself need not be installed."""


def main() -> None:
    """Read the command line and hand over; launchers add arguments of their own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--plan", required=True)
    arguments, _ = parser.parse_known_args()
    _rank_of_slurm()
    _own_tools()
    _load_package()
    importlib.import_module(f"{NAME}.job").run(Path(arguments.plan))
    _leave()


def _rank_of_slurm() -> None:
    """srun tells a rank who it is by other names than torch's."""
    if "RANK" in os.environ or "SLURM_PROCID" not in os.environ:
        return
    names = {"RANK": "PROCID", "LOCAL_RANK": "LOCALID", "WORLD_SIZE": "NTASKS"}
    for name, theirs in names.items():
        os.environ[name] = os.environ[f"SLURM_{theirs}"]


def _own_tools() -> None:
    """ninja lies beside a Python whose environment nobody activated, on other hosts too."""
    path = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = f"{path}{os.pathsep}{Path(sys.executable).parent}"


def _leave() -> None:
    """End without tearing torch down: its gloo threads now and then abort a rank that is done."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _load_package() -> None:
    """Make this folder a package. Its files must not be found by their bare names."""
    folder = Path(__file__).resolve().parent
    sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != folder]
    spec = importlib.util.spec_from_file_location(
        NAME, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    sys.modules[NAME] = importlib.util.module_from_spec(spec)


if __name__ == "__main__":
    main()
