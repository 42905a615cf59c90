"""The compiled DeepSpeed ops that a job loads, by its configuration.

Read from deepspeed 0.19.8 runtime/engine.py (_configure_basic_optimizer,
_do_optimizer_sanity_check, get_optimizer_configuration), runtime/swap_tensor,
runtime/comm/coalesced_collectives.py, accelerator/cuda_accelerator.py and op_builder/; 0.14.5 to
0.19.4 op_builder/builder.py (get_cuda_compile_flag) for the CPU optimizers, which were linked
against CUDA until then; accelerate 1.15 accelerator.py (_prepare_deepspeed), which makes a torch
Adam a DeepSpeedCPUAdam.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dsdoctor.job.resolve import offload_device, stage, value
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Severity
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

    ``cuda`` says that building it takes the CUDA toolkit, ``strict`` that DeepSpeed compares the
    toolkit's version with torch's before. ``sure`` is false where the script may decide otherwise.
    """

    name: str
    because: str
    cuda: bool
    strict: bool = False
    sure: bool = True


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


def named(ops: Sequence[Op] | None) -> str:
    """``fused_adam (optimizer.type AdamW)``; None where no job is known."""
    if not ops:
        return "DeepSpeed's ops"
    return ", ".join(f"{op.name} ({op.because})" for op in ops)


def severity_of(ops: Sequence[Op] | None) -> Severity | None:
    """How bad it is if none of them can be loaded: as bad as the rule's page says, or less."""
    if not ops:
        return Severity.INFO
    return None if any(op.sure for op in ops) else Severity.ERROR


def _optimizer(job: JobSpec, deepspeed: str, gpu: bool) -> tuple[Op, ...]:
    kind = value(job, ("optimizer", "type"))
    on_cpu = stage(job) in (1, 2, 3) and offload_device(job, "optimizer") in ("cpu", "nvme")
    cuda = gpu and older(deepspeed, CPU_OPS_WITHOUT_CUDA)
    if not isinstance(kind, str):
        return _offloaded(job, cuda) if on_cpu else ()
    because = f"optimizer.type {kind}"
    kind = kind.lower()
    if kind in _ADAM and job.raw(("optimizer", "params", "torch_adam")) is True:
        return ()
    family = "adam" if kind in _ADAM or kind == "muon" else kind
    if on_cpu and family in ("adam", "lion", "adagrad"):
        return (Op(f"cpu_{family}", f"{because}, offloaded", cuda, strict=cuda),)
    if family in ("adam", "lion", "lamb"):
        return (Op(f"fused_{family}", because, gpu),)
    return ()


def _offloaded(job: JobSpec, cuda: bool) -> tuple[Op, ...]:
    """An optimizer made by the script: it has to be DeepSpeedCPUAdam, or becomes one."""
    if value(job, ("zero_force_ds_cpu_optimizer",)) is False:
        return ()
    return (Op("cpu_adam", "the optimizer is offloaded", cuda, strict=cuda, sure=False),)


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
    return path if isinstance(path, str) and path else None
