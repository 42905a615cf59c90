"""The command line and the environment with which a run is started."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dsdoctor.smoke.carried import carry
from dsdoctor.smoke.command_lines import command_line
from dsdoctor.smoke.folder import RunFolder, free_port
from dsdoctor.smoke.planned import Plan
from dsdoctor.smoke.processes import MARK
from dsdoctor.smoke.recorder import recorder_settings
from dsdoctor.smoke.request import SmokeRequest

WORKER = Path(__file__).parent / "worker" / "train.py"


@dataclass(frozen=True, slots=True)
class Launch:
    """``argv`` and the whole environment of the launcher; ``remote`` if it starts other hosts."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    remote: bool = False


def launch_of(
    plan: Plan, request: SmokeRequest, folder: RunFolder, worker: Path = WORKER
) -> Launch:
    """How to start the run.

    Raises:
        UsageError: this launcher cannot reach the hosts of a host file.
    """
    port = folder.port or free_port()
    job = [str(worker), "--plan", str(folder.path / "plan.json")]
    argv = [*command_line(plan, request, folder, port), *job]
    env = environment(plan, request, folder, port)
    return Launch(tuple(argv), env, remote=request.elsewhere)


def environment(
    plan: Plan, request: SmokeRequest, folder: RunFolder, port: int
) -> Mapping[str, str]:
    """The user's own, and what a run needs beside it. What the user set stays as it is."""
    path = os.environ.get("PATH", os.defpath)
    ours = {
        MARK: folder.mark,
        "MASTER_PORT": str(port),
        "TMPDIR": str(folder.temporary),
        "PYTHONUNBUFFERED": "1",
        # ninja lies beside a Python whose environment nobody activated
        "PATH": f"{path}{os.pathsep}{Path(request.python).parent}",
    }
    if plan.device == "cpu":
        ours["DS_ACCELERATOR"] = "cpu"
    defaults = {"OMP_NUM_THREADS": str(_threads(plan))} if plan.device == "cpu" else {}
    defaults |= recorder_settings(folder.path, os.environ)
    if request.launcher == "srun" and request.hosts:
        defaults["MASTER_ADDR"] = request.hosts[0]
    if request.hostfile is not None:
        ours["DS_ENV_FILE"] = str(carry({**defaults, **ours}, folder.path, os.environ))
    return {**defaults, **os.environ, **ours}


def _threads(plan: Plan) -> int:
    """The cores shared out: with the default each rank of a CPU run would take them all."""
    return max(1, (os.cpu_count() or 1) // max(1, plan.world_size))
