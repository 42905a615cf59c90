"""``dsdoctor`` with a smoke job that needs no torch: for stress where speed matters more."""

from __future__ import annotations

import sys
from pathlib import Path

from dsdoctor.cli.main import main
from dsdoctor.smoke import run
from dsdoctor.smoke.folder import RunFolder, free_port
from dsdoctor.smoke.launch import Launch, environment
from dsdoctor.smoke.planned import Plan
from dsdoctor.smoke.request import SmokeRequest

FAKE = Path(__file__).parent.parent / "tests/smoke/fake_job.py"
MODE = "slow"


def launch_of(plan: Plan, request: SmokeRequest, folder: RunFolder, worker: Path) -> Launch:  # noqa: ARG001
    """The launch of the fake."""
    argv = (sys.executable, str(FAKE), MODE, "--plan", str(folder.path / "plan.json"))
    return Launch(argv, environment(plan, request, folder, free_port()))


if __name__ == "__main__":
    vars(run).update(launch_of=launch_of, check_needs=lambda *_: None)
    sys.exit(main())
