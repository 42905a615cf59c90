"""The job's number format on this machine. bf16 on old GPUs is told by the probe of the config.

Read from deepspeed 0.19.8 runtime/engine.py (_do_sanity_check) and accelerator/cuda_accelerator.py,
accelerator/cpu_accelerator.py (is_fp16_supported).
"""

from __future__ import annotations

import re

from dsdoctor.checks.modes import mode, model_type, proof
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Confidence, Evidence, Severity
from dsdoctor.probes.clients.gpus import NoDriver
from dsdoctor.probes.gpu_choice import chosen
from dsdoctor.probes.gpu_common import BUDGET
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.site import Site

NO_FP16 = "DSP009"
VOLTA, AMPERE, ADA = (7, 0), (8, 0), (8, 9)
ALLOWED = "DS_ALLOW_DEPRECATED_FP16"
ACCELERATOR = "DS_ACCELERATOR"
_OTHERS = re.compile(r"(?:kfd|accel|davinci\d+|hl\d+|mlu\d+|dxg)$")
"""Devices of other makers' accelerators, and of Windows' GPUs, in /dev."""
_CPU_WITH_FP16 = re.compile(r"^flags\s*:.*\b(?:avx512_fp16|avx_ne_convert)\b", re.MULTILINE)


def look(site: Site) -> Reading:
    """What the hardware computes in, and what the job asks for."""
    try:
        site.gpus.inventory()
    except NoDriver:
        return _on_cpu(site)
    capabilities = [gpu.capability for gpu in chosen(site) if gpu.capability]
    if not capabilities:
        raise Skip("the driver tells no compute capability")
    least = min(capabilities)
    facts = {"fp16": least >= VOLTA, "bf16": least >= AMPERE, "fp8": least >= ADA}
    there = ", ".join(name for name, fast in facts.items() if fast) or "fp32 only"
    wanted = model_type(site.job) if site.job else None
    summary = f"{there} by hardware" + (f"; the job trains in {wanted}" if wanted else "")
    job = site.job
    if job and mode(job, "fp16") is True and not _fp16_allowed(site, least):
        reason = f"the GPU's compute capability is {least[0]}.{least[1]}: DeepSpeed wants 7.0"
        return Reading(summary, (_complaint(job, reason, Severity.FATAL),), facts)
    return Reading(summary, (), facts)


def _fp16_allowed(site: Site, capability: tuple[int, int]) -> bool:
    """Compute capability 6.x is refused unless a variable allows it."""
    allowed = site.host.environment.get(ALLOWED) == "1"
    return capability >= VOLTA or (capability[0] == 6 and allowed)


def _on_cpu(site: Site) -> Reading:
    """No NVIDIA driver: another maker's accelerator, or the CPU."""
    job = site.job
    if job is None:
        raise Skip("no configuration was given, and there is no NVIDIA GPU")
    if _other_accelerator(site):
        raise Skip("an accelerator that is not NVIDIA's")
    wanted = model_type(job) or "unknown"
    summary = f"no GPU; the job trains in {wanted}"
    if mode(job, "fp16") is not True or _CPU_WITH_FP16.search(_cpu(site)):
        return Reading(summary, (), {})
    reason = "there is no GPU, and DeepSpeed does not train in fp16 on this CPU"
    return Reading(summary, (_complaint(job, reason, Severity.ERROR),), {"fp16": False})


def _other_accelerator(site: Site) -> bool:
    named = site.host.environment.get(ACCELERATOR, "cuda")
    return named not in ("cuda", "cpu") or any(map(_OTHERS.match, site.host.list("/dev")))


def _cpu(site: Site) -> str:
    return site.host.read("/proc/cpuinfo") or ""


def _complaint(job: JobSpec, reason: str, severity: Severity) -> Complaint:
    places = proof(job, "fp16")
    evidence = tuple(
        Evidence(item.place.file, item.place.line, f"{item.name}: {item.value}", item.name)
        for item in places
    )
    sure = Confidence.CERTAIN if severity is Severity.FATAL else Confidence.LIKELY
    return Complaint(NO_FP16, {"reason": reason}, evidence, severity, sure)


PROBES: tuple[Probe, ...] = (Probe("precision", "number formats", look, budget=BUDGET),)
