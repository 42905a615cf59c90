"""What all runs of one call of ``dsdoctor smoke`` share: machine, rules, what was asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dsdoctor.cli.smoke_examine import examiner
from dsdoctor.cli.smoke_options import Options
from dsdoctor.errors import UsageError
from dsdoctor.job.assemble import Sources, assemble
from dsdoctor.job.spec import JobSpec
from dsdoctor.job.syntax.edit import edit
from dsdoctor.job.syntax.parser import parse
from dsdoctor.job.syntax.read import read_document
from dsdoctor.job.syntax.tree import Document
from dsdoctor.knowledge.pack import Pack
from dsdoctor.probes.clients.gpus import Gpu, NvmlGpus
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.gpu_common import known
from dsdoctor.probes.visible_devices import VARIABLE, visible_devices
from dsdoctor.smoke.machine import Machine, this_machine
from dsdoctor.smoke.needs import find_python
from dsdoctor.smoke.plan import make_plan
from dsdoctor.smoke.request import SmokeRequest
from dsdoctor.smoke.result import SmokeResult
from dsdoctor.smoke.run import run_plan
from dsdoctor.smoke.stopping import Stop
from dsdoctor.transport.launchers import hosts_of_allocation

Tell = Callable[[str], None]


def here(options: Options) -> Machine:
    """This machine; of its GPUs those that the job will see."""
    gpus = _gpus()
    memory = [found.total for gpu in gpus if (found := known(gpu.memory))]
    pairs = [pair for gpu in gpus if (pair := known(gpu.capability))]
    machine = this_machine(
        len(gpus), min(memory, default=None), bf16=all(pair >= (8, 0) for pair in pairs)
    )
    if options.gpu_memory is not None and machine.device == "cpu":
        raise UsageError("--gpu-memory squeezes GPUs, and this machine shows none")
    return machine


@dataclass(frozen=True, slots=True)
class Bench:
    """What all runs of one call share."""

    options: Options
    machine: Machine
    pack: Pack
    tell: Tell

    def spec(self, config: Path | None) -> JobSpec | None:
        """The configuration as it will be tried, with what is known of the job around it.

        The run has as many ranks as this machine allows; ``--world-size`` or the host file tells
        how many the user's own job has.
        """
        if config is None:
            return None
        document = self._staged(read_document(config))
        sources = Sources(
            world_size=self.options.world_size,
            trainer=self.options.trainer,
            hostfile=self.options.hostfile,
        )
        return assemble(document, sources)

    def request(self, spec: JobSpec | None, name: str = "") -> SmokeRequest:
        """The run of one configuration; ``name`` tells its kept files from those of others."""
        asked = self.options
        return SmokeRequest(
            config=spec.config if spec else None,
            spec=spec,
            gpus=asked.gpus,
            stage=asked.stage,
            steps=asked.steps,
            launcher=asked.launcher,
            trainer=asked.trainer,
            layers=asked.layers,
            hidden=asked.hidden,
            sequence=asked.sequence,
            micro_batch=asked.micro_batch,
            model_directory=asked.model,
            gpu_memory=asked.gpu_memory,
            checkpoint=asked.checkpoint,
            gather=asked.gather or None,
            hostfile=asked.hostfile,
            hosts=_allocation() if asked.launcher == "srun" else (),
            timeout=asked.timeout,
            python=find_python(asked.python),
            keep=asked.keep / name if asked.keep else None,
        )

    def run(self, request: SmokeRequest, stop: Stop) -> SmokeResult:
        """Plan it and run it."""
        plan = make_plan(request, self.machine)
        examine = examiner(self.pack, request.spec, kept=request.keep is not None)
        return run_plan(plan, request, stop, examine, self.tell)

    def _staged(self, document: Document) -> Document:
        """With ``--stage``, lint must judge what will be run."""
        if self.options.stage is None:
            return document
        patch = {"zero_optimization": {"stage": self.options.stage}}
        return parse(edit(document, patch), document.name)


def _allocation() -> tuple[str, ...]:
    hosts = tuple(hosts_of_allocation())
    if not hosts:
        raise UsageError(
            "srun needs a Slurm allocation", hint="run it inside salloc or a batch script"
        )
    return hosts


def _gpus() -> list[Gpu]:
    """The GPUs that a process started here would see; none where nobody can be asked."""
    try:
        found = [gpu for gpu in NvmlGpus().inventory().gpus if gpu.mark is None]
    except Unavailable:
        return []
    seen = visible_devices(os.environ.get(VARIABLE), found)
    return [gpu for gpu in found if gpu.index in seen.indices]
