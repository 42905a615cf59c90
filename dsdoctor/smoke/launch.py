"""The command line and the environment with which a run is started."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dsdoctor.errors import UsageError
from dsdoctor.smoke.folder import RunFolder
from dsdoctor.smoke.planned import Plan
from dsdoctor.smoke.processes import MARK
from dsdoctor.smoke.recorder import recorder_settings
from dsdoctor.smoke.request import SmokeRequest

WORKER = Path(__file__).parent / "worker" / "train.py"
MODULES = {
    "deepspeed": "deepspeed.launcher.runner",
    "torchrun": "torch.distributed.run",
    "accelerate": "accelerate.commands.launch",
}
"""What the launchers' scripts run, so that any Python's own launcher can be called."""
_INDICES = re.compile(r"\d{1,4}(?:,\d{1,4})*\Z")


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
    port = free_port()
    launcher = [request.python, "-m", MODULES[request.launcher]]
    options = {"deepspeed": _deepspeed, "torchrun": _torchrun, "accelerate": _accelerate}
    job = [str(worker), "--plan", str(folder.path / "plan.json")]
    argv = [*launcher, *options[request.launcher](plan, request, folder, port), *job]
    env = environment(plan, request, folder, port)
    return Launch(tuple(argv), env, remote=request.hostfile is not None)


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
    return {**recorder_settings(folder.path, os.environ), **defaults, **os.environ, **ours}


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _threads(plan: Plan) -> int:
    """The cores shared out: with the default each rank of a CPU run would take them all."""
    return max(1, (os.cpu_count() or 1) // max(1, plan.world_size))


def _deepspeed(plan: Plan, request: SmokeRequest, folder: RunFolder, port: int) -> Iterator[str]:
    yield f"--master_port={port}"
    if request.hostfile is not None:
        yield f"--hostfile={request.hostfile}"
        if request.gpus:
            yield f"--num_gpus={request.gpus}"
        return
    # its default is /job/hostfile, which may well be there and name other hosts
    yield f"--hostfile={folder.path / 'no-hostfile'}"
    seen = os.environ.get("CUDA_VISIBLE_DEVICES", "").replace(" ", "")
    if plan.device == "cuda" and _INDICES.match(seen):
        # with --num_gpus the launcher throws the variable away
        yield f"--include=localhost:{','.join(seen.split(',')[: plan.world_size])}"
    else:
        yield f"--num_gpus={plan.world_size}"


def _torchrun(plan: Plan, request: SmokeRequest, folder: RunFolder, port: int) -> Iterator[str]:  # noqa: ARG001 - one signature for all
    _only_here(request)
    yield from ("--nnodes=1", f"--nproc-per-node={plan.world_size}")
    yield from ("--master-addr=127.0.0.1", f"--master-port={port}")


def _accelerate(plan: Plan, request: SmokeRequest, folder: RunFolder, port: int) -> Iterator[str]:
    """A file of its own: the user's default file may say anything."""
    _only_here(request)
    config = folder.path / "accelerate.yaml"
    config.write_text(_accelerate_file(plan, folder, port), encoding="utf-8")
    yield f"--config_file={config}"


def _accelerate_file(plan: Plan, folder: RunFolder, port: int) -> str:
    lines = [
        "compute_environment: LOCAL_MACHINE",
        f"num_processes: {plan.world_size}",
        "num_machines: 1",
        "machine_rank: 0",
        "main_process_ip: 127.0.0.1",
        f"main_process_port: {port}",
        # on a CPU too: told to use it, Accelerate starts one process without a launcher
        "use_cpu: false",
        "distributed_type: DEEPSPEED",
        "deepspeed_config:",
        f"  deepspeed_config_file: {folder.path / 'ds_config.json'}",
        f"  zero3_init_flag: {'true' if _stage(plan) == 3 else 'false'}",
    ]
    return "\n".join([*lines, ""])


def _stage(plan: Plan) -> int:
    block = plan.config.get("zero_optimization")
    stage = block.get("stage", 0) if isinstance(block, Mapping) else 0
    return stage if isinstance(stage, int) else 0


def _only_here(request: SmokeRequest) -> None:
    if request.hostfile is not None:
        raise UsageError(
            f"{request.launcher} does not reach other hosts by itself",
            hint="use --launcher deepspeed with --hostfile",
        )
