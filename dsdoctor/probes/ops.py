"""The compiled DeepSpeed ops that a job loads, by its configuration.

Read from deepspeed 0.19.8 runtime/engine.py (_configure_basic_optimizer,
get_optimizer_configuration), runtime/swap_tensor, runtime/comm/coalesced_collectives.py,
accelerator/cuda_accelerator.py and op_builder/; 0.14.5 to 0.19.4 op_builder/builder.py for the
CPU optimizers, which were linked against CUDA until then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dsdoctor.job.gap import MISSING
from dsdoctor.job.resolve import offload_device, stage, value
from dsdoctor.job.spec import JobSpec
from dsdoctor.probes.clients.host import Host
from dsdoctor.probes.clients.packages import Packages
from dsdoctor.probes.version_text import older

CPU_OPS_WITHOUT_CUDA = "0.19.5"
PIN_MEMORY_OP = "0.19.5"
_ADAM = {"adam", "adamw"}
_QUANTIZED = ("zero_quantized_weights", "zero_quantized_gradients")


@dataclass(frozen=True, slots=True)
class Op:
    """An op by DeepSpeed's name, and the setting that asks for it.

    ``cuda`` says that building it takes the CUDA toolkit.
    """

    name: str
    because: str
    cuda: bool


def ops_of(job: JobSpec | None, deepspeed: str, *, gpu: bool) -> tuple[Op, ...]:
    """What the job loads, as far as its configuration tells; ``gpu`` if torch sees one."""
    if job is None:
        return ()
    return (*_optimizer(job, deepspeed, gpu), *_swap(job, deepspeed, gpu), *_quantizer(job, gpu))


def built_in_advance(host: Host, packages: Packages) -> frozenset[str]:
    """Ops that DeepSpeed was installed with (DS_BUILD_OPS=1): they are not compiled any more."""
    place = packages.location("deepspeed")
    text = host.read(f"{place}/git_version_info_installed.py") if place else None
    found = re.search(r"^installed_ops\s*=\s*\{(.*)\}", text or "", re.MULTILINE)
    pairs = re.findall(r"'(\w+)': (True|False)", found[1]) if found else []
    return frozenset(name for name, built in pairs if built == "True")


def _optimizer(job: JobSpec, deepspeed: str, gpu: bool) -> tuple[Op, ...]:
    kind = value(job, ("optimizer", "type"))
    if not isinstance(kind, str):
        return ()
    kind, because = kind.lower(), f"optimizer.type {kind}"
    on_cpu = offload_device(job, "optimizer") in ("cpu", "nvme")
    cpu_needs_cuda = gpu and older(deepspeed, CPU_OPS_WITHOUT_CUDA)
    if kind in _ADAM and job.raw(("optimizer", "params", "torch_adam")) is True:
        return ()
    family = "adam" if kind in _ADAM or kind == "muon" else kind
    if on_cpu and family in ("adam", "lion", "adagrad"):
        return (Op(f"cpu_{family}", f"{because}, offloaded", cpu_needs_cuda),)
    if family in ("adam", "lion", "lamb"):
        return (Op(f"fused_{family}", because, gpu),)
    return ()


def _swap(job: JobSpec, deepspeed: str, gpu: bool) -> tuple[Op, ...]:
    if not on_nvme(job):
        return ()
    aio = Op("async_io", "offload to nvme", cuda=gpu)
    pin = Op("pin_memory", "offload to nvme", cuda=False)
    return (aio,) if older(deepspeed, PIN_MEMORY_OP) else (pin, aio)


def _quantizer(job: JobSpec, gpu: bool) -> tuple[Op, ...]:
    for name in _QUANTIZED:
        if value(job, ("zero_optimization", name)) is True and stage(job) == 3:
            return (Op("quantizer", f"zero_optimization.{name}", gpu),)
    return ()


def on_nvme(job: JobSpec) -> tuple[str, ...]:
    """What is offloaded to NVMe, of ``optimizer`` and ``param``; nothing below stage 3."""
    if stage(job) != 3:
        return ()
    kinds = ("optimizer", "param")
    return tuple(what for what in kinds if offload_device(job, what) == "nvme")


def nvme_path(job: JobSpec, what: str) -> str | None:
    """Where ``what`` is swapped to."""
    path = value(job, ("zero_optimization", f"offload_{what}", "nvme_path"))
    return path if isinstance(path, str) and path and path is not MISSING else None
