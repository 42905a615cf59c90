"""What DeepSpeed needs to compile the ops that the job loads: CUDA, a C++ compiler, ninja.

Read from deepspeed 0.19.8 ops/op_builder/builder.py (jit_load) and torch 2.13
utils/cpp_extension.py (load, verify_ninja_availability).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dsdoctor.model import Confidence, Evidence, Severity
from dsdoctor.probes.arch_list import NAME, READ_SINCE, unreadable, without_letters
from dsdoctor.probes.compilers import Compiler, cc, cxx, too_new, too_old
from dsdoctor.probes.cuda_complaints import cuda_complaints
from dsdoctor.probes.cuda_home import Toolkit, find_toolkit
from dsdoctor.probes.gpu_common import BUDGET
from dsdoctor.probes.gpu_use import job_on_gpu
from dsdoctor.probes.ops import Op, built_in_advance, named, ops_of, severity_of
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.site import Site
from dsdoctor.probes.version_text import older

NINJA, COMPILER, COMPILER_VERSION, HEADER = "DSB005", "DSB007", "DSB008", "DSB009"
ARCH_LIST = "DSB011"


@dataclass(frozen=True, slots=True)
class _Tools:
    """What is there. ``ops`` are those still to be compiled; None where no job is known."""

    ops: tuple[Op, ...] | None
    gpu: bool
    toolkit: Toolkit | None
    cxx: Compiler
    ninja: str | None


def look(site: Site) -> Reading:
    """The tools, and the ops that need them."""
    versions = site.packages.versions()
    if "torch" not in versions or "deepspeed" not in versions:
        raise Skip("torch or DeepSpeed is not installed (see versions)")
    if "torch.hip" in versions:
        raise Skip("this torch is built for AMD's GPUs")
    gpu = job_on_gpu(site)
    tools = _Tools(
        _ops(site, versions["deepspeed"], gpu),
        gpu,
        find_toolkit(site.host) if gpu else None,
        cxx(site.host),
        site.host.which("ninja"),
    )
    return Reading(_summary(tools), (*_complaints(site, tools),), _facts(site, tools))


def _ops(site: Site, deepspeed: str, gpu: bool) -> tuple[Op, ...] | None:
    """What is compiled when the job starts, or was by an earlier one."""
    if site.job is None:
        return None
    ready = built_in_advance(site.host, site.packages)
    return tuple(op for op in ops_of(site.job, deepspeed, gpu=gpu) if op.name not in ready)


def _complaints(site: Site, tools: _Tools) -> Iterator[Complaint]:
    if tools.ops == ():
        return
    yield from _ninja(site, tools)
    yield from _cxx(site, tools)
    yield from _headers(site, tools)
    cuda_ops = None if tools.ops is None else tuple(op for op in tools.ops if op.cuda)
    if tools.gpu and cuda_ops != ():
        yield from _arch_list(site, cuda_ops)
        yield from _host_compiler(site, tools, cuda_ops)
        yield from cuda_complaints(site, tools.toolkit, cuda_ops)


def _ninja(site: Site, tools: _Tools) -> Iterator[Complaint]:
    if tools.ninja is not None:
        return
    beside = posixpath.join(posixpath.dirname(site.packages.python), "ninja")
    there = site.host.link(beside) is not None
    values = {"ops": named(tools.ops)}
    place = (Evidence("PATH", 0, site.host.environment.get("PATH", "")[:200]),)
    # An environment that is not activated now may be when the job starts.
    severity = Severity.WARNING if there and tools.ops else severity_of(tools.ops)
    sure = Confidence.POSSIBLE if there else Confidence.CERTAIN
    yield Complaint(NINJA, values, place, severity, sure)


def _cxx(site: Site, tools: _Tools) -> Iterator[Complaint]:
    compiler, ops = tools.cxx, tools.ops
    if compiler.problem:
        values = {"compiler": compiler.name, "detail": compiler.problem, "ops": named(ops)}
        yield Complaint(COMPILER, values, (), severity_of(ops))
    elif reason := too_old(compiler, site.packages.versions()["torch"]):
        values = {"compiler": compiler.name, "version": compiler.version, "detail": reason}
        yield Complaint(COMPILER_VERSION, values, (), severity_of(ops), Confidence.LIKELY)


def _headers(site: Site, tools: _Tools) -> Iterator[Complaint]:
    """Python.h; not where the user shows the compiler more folders."""
    folder = site.packages.include()
    more = any(site.host.environment.get(name) for name in ("CPATH", "CPLUS_INCLUDE_PATH"))
    if more or site.host.link(f"{folder}/Python.h") is not None:
        return
    values = {"header": "Python.h", "folder": folder, "ops": named(tools.ops)}
    yield Complaint(HEADER, values, (), severity_of(tools.ops), Confidence.LIKELY)


def _arch_list(site: Site, ops: Sequence[Op] | None) -> Iterator[Complaint]:
    text = site.host.environment.get(NAME, "")
    part = unreadable(text)
    if part is None or older(site.packages.versions()["deepspeed"], READ_SINCE):
        return
    values = {"value": text[:100], "part": part[:40], "better": without_letters(text)}
    severity = Severity.WARNING if ops is None else severity_of(ops)
    yield Complaint(ARCH_LIST, values, (Evidence(NAME, 0, text[:100]),), severity)


def _host_compiler(site: Site, tools: _Tools, ops: Sequence[Op] | None) -> Iterator[Complaint]:
    if tools.toolkit is None or not tools.toolkit.release:
        return
    compiler = cc(site.host)
    if compiler and (reason := too_new(compiler, tools.toolkit.release)):
        values = {"compiler": compiler.name, "version": compiler.version, "detail": reason}
        yield Complaint(COMPILER_VERSION, values, (), severity_of(ops), Confidence.LIKELY)


def _summary(tools: _Tools) -> str:
    parts = [f"{tools.cxx.name} {tools.cxx.version or tools.cxx.problem}"]
    parts.append("ninja" if tools.ninja else "no ninja")
    if tools.gpu:
        release = tools.toolkit.release if tools.toolkit else ""
        parts.append(f"nvcc {release}" if release else "no nvcc")
    if tools.ops is not None:
        names = ", ".join(op.name for op in tools.ops)
        parts.append(f"to compile: {names}" if names else "nothing to compile")
    return ", ".join(parts)


def _facts(site: Site, tools: _Tools) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "compiler": tools.cxx.name,
        "compiler_version": tools.cxx.version,
        "ninja": tools.ninja is not None,
        "arch_list": site.host.environment.get(NAME, ""),
    }
    if tools.gpu:
        toolkit = tools.toolkit
        facts |= {"cuda_home": toolkit.home if toolkit else "", "nvcc": ""}
        facts["nvcc"] = toolkit.release if toolkit else ""
    if tools.ops is not None:
        facts["ops"] = [op.name for op in tools.ops]
    return facts


PROBES: tuple[Probe, ...] = (Probe("toolchain", "tools to compile ops", look, budget=BUDGET),)
