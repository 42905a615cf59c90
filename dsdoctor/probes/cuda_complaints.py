"""A CUDA toolkit that is missing, or does not fit torch, DeepSpeed or the GPUs.

Read from deepspeed 0.14.5, 0.19.4 and 0.19.8 op_builder/builder.py: assert_no_cuda_mismatch is
called while DeepSpeed is installed with its ops, and up to 0.19.4 when a CPU optimizer is
compiled; for an op that is compiled at run time nobody compares, neither DeepSpeed nor torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dsdoctor.model import Confidence, Evidence, Severity
from dsdoctor.probes.cuda_home import Toolkit
from dsdoctor.probes.gpu_driver import FIRST_CUDA
from dsdoctor.probes.gpu_use import capabilities
from dsdoctor.probes.ops import Op, named, severity_of
from dsdoctor.probes.probe import Complaint
from dsdoctor.probes.site import Site
from dsdoctor.probes.version_text import release

MISSING, MISMATCH, OLD_NVCC, HEADER = "DSB001", "DSB002", "DSB014", "DSB009"
MINORS_DO_NOT_MATTER = (10, 11, 12)
"""The major versions of which DeepSpeed (to 0.19.8) takes any minor version for any other."""
RUNTIME = "cuda_runtime.h"


def cuda_complaints(
    site: Site, toolkit: Toolkit | None, ops: Sequence[Op] | None
) -> Iterator[Complaint]:
    """For the ``ops`` that take CUDA; None where nobody knows which."""
    if toolkit is None or toolkit.problem:
        yield _missing(toolkit, ops)
        return
    yield from _mismatch(site, toolkit, ops)
    yield from _old_nvcc(site, toolkit, ops)
    yield from _header(site, toolkit, ops)


def _missing(toolkit: Toolkit | None, ops: Sequence[Op] | None) -> Complaint:
    if toolkit is None:
        detail = "CUDA_HOME is not set, and nvcc is not on PATH"
        return Complaint(MISSING, {"detail": detail, "ops": named(ops)}, (), severity_of(ops))
    detail = f"{toolkit.problem} (by {toolkit.said_by}: {toolkit.home})"
    place = (Evidence(toolkit.said_by, 0, toolkit.home),)
    return Complaint(MISSING, {"detail": detail, "ops": named(ops)}, place, severity_of(ops))


def _mismatch(site: Site, toolkit: Toolkit, ops: Sequence[Op] | None) -> Iterator[Complaint]:
    built = site.packages.versions().get("torch.cuda", "")
    there, wanted = release(toolkit.release)[:2], release(built)[:2]
    if not wanted or there == wanted:
        return
    strict = [op for op in ops or () if op.strict]
    minor = there[0] == wanted[0]
    if minor and (not strict or there[0] in MINORS_DO_NOT_MATTER):
        return
    allowed = site.host.environment.get("DS_SKIP_CUDA_CHECK") == "1"
    severity = severity_of(strict) if strict and not allowed else _unchecked(ops)
    values = {
        "home": toolkit.home,
        "installed": toolkit.release,
        "torch_cuda": built,
        "ops": named(strict or ops) if ops else "",
    }
    place = (Evidence(f"{toolkit.nvcc} -V", 0, f"release {toolkit.release}"),)
    sure = Confidence.CERTAIN if strict else Confidence.LIKELY
    yield Complaint(MISMATCH, values, place, severity, sure)


def _unchecked(ops: Sequence[Op] | None) -> Severity:
    """It compiles perhaps, and then has two CUDA runtimes in one process."""
    return Severity.ERROR if ops else Severity.INFO


def _old_nvcc(site: Site, toolkit: Toolkit, ops: Sequence[Op] | None) -> Iterator[Complaint]:
    """GPUs that are younger than nvcc, unless the user names what to compile for."""
    if site.host.environment.get("TORCH_CUDA_ARCH_LIST", "").strip():
        return
    for capability in capabilities(site):
        first = FIRST_CUDA.get((capability[0], 0))
        if first and release(toolkit.release) < first:
            values = {
                "home": toolkit.home,
                "installed": toolkit.release,
                "capability": f"{capability[0]}.{capability[1]}",
                "wanted": f"{first[0]}.{first[1]}",
            }
            yield Complaint(OLD_NVCC, values, (), severity_of(ops))


def _header(site: Site, toolkit: Toolkit, ops: Sequence[Op] | None) -> Iterator[Complaint]:
    """A toolkit that is a link to nvcc, or nvcc alone; conda keeps headers below targets."""
    folder = f"{toolkit.home}/include"
    targets = [
        f"{toolkit.home}/targets/{n}/include" for n in site.host.list(f"{toolkit.home}/targets")
    ]
    places = [folder, *targets]
    more = any(
        site.host.environment.get(n) for n in ("CPATH", "CPLUS_INCLUDE_PATH", "CUDA_INC_PATH")
    )
    if more or any(site.host.link(f"{place}/{RUNTIME}") is not None for place in places):
        return
    severity = Severity.ERROR if ops else Severity.INFO
    values = {"header": RUNTIME, "folder": folder, "ops": named(ops)}
    yield Complaint(HEADER, values, (), severity, Confidence.LIKELY)
