"""The launchers' own command lines."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping

from dsdoctor.errors import UsageError
from dsdoctor.smoke.folder import RunFolder
from dsdoctor.smoke.planned import Plan
from dsdoctor.smoke.request import Launcher, SmokeRequest

MODULES = {
    "deepspeed": "deepspeed.launcher.runner",
    "torchrun": "torch.distributed.run",
    "accelerate": "accelerate.commands.launch",
}
"""What the launchers' scripts run, so that any Python's own launcher can be called."""
_INDICES = re.compile(r"\d{1,4}(?:,\d{1,4})*\Z")


def command_line(plan: Plan, request: SmokeRequest, folder: RunFolder, port: int) -> Iterator[str]:
    """Everything before the worker script.

    Raises:
        UsageError: this launcher cannot reach the hosts of a host file.
    """
    if request.launcher == "srun":
        yield from _srun(plan, request)
        return
    yield from (request.python, "-m", MODULES[request.launcher])
    yield from _OPTIONS[request.launcher](plan, request, folder, port)


def _srun(plan: Plan, request: SmokeRequest) -> Iterator[str]:
    """A task for each rank. Where one ends badly, Slurm ends the others."""
    _only_here(request)
    hosts = max(1, len(request.hosts))
    yield from ("srun", "--label", "--kill-on-bad-exit=1", f"--nodes={hosts}")
    yield from (f"--ntasks={plan.world_size}", f"--ntasks-per-node={plan.world_size // hosts}")
    yield from ("--export=ALL", request.python, "-u")


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


_Options = Callable[[Plan, SmokeRequest, RunFolder, int], Iterator[str]]
_OPTIONS: Mapping[Launcher, _Options] = {
    "deepspeed": _deepspeed,
    "torchrun": _torchrun,
    "accelerate": _accelerate,
}
