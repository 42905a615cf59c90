"""The host compilers that torch and nvcc would start to compile an op.

Read from torch 2.13 utils/cpp_extension.py (get_cxx_compiler, check_compiler_ok_for_platform,
CUDA_GCC_VERSIONS), torch 2.1 include/c10/util/C++17.h and deepspeed 0.19.8
ops/op_builder/builder.py (cxx_args).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dsdoctor.probes.clients.host import Host
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.version_text import compare, older, release

TIMEOUT = 5.0
OLDEST = (("2.12", 10), ("2.1", 9))
"""For torch from a version on: the oldest gcc that knows its C++, newest torch first."""
NEWEST = (
    ("13.0", 15), ("12.8", 14), ("12.3", 13), ("12.0", 12), ("11.4", 11), ("11.1", 10), ("11.0", 9),
)  # fmt: skip
"""For CUDA from a version on: the newest gcc that nvcc works with."""
NEWEST_KNOWN_CUDA = "13.0"
_OWN_CHOICE = ("NVCC_PREPEND_FLAGS", "NVCC_APPEND_FLAGS", "NVCC_CCBIN")
_VERSION = re.compile(r"(?:\)|version)\s+(\d+(?:\.\d+)+)")


@dataclass(frozen=True, slots=True)
class Compiler:
    """``version`` is empty where it does not tell, ``problem`` says why it cannot be started."""

    name: str
    version: str = ""
    gnu: bool = True
    problem: str = ""

    @property
    def major(self) -> int:
        """0 where the version is unknown."""
        return release(self.version)[0] if self.version else 0


def cxx(host: Host) -> Compiler:
    """What torch compiles C++ with."""
    return _asked(host, host.environment.get("CXX") or "c++")


def cc(host: Host) -> Compiler | None:
    """What nvcc gives its host code to; None where the user told nvcc something else."""
    if any(host.environment.get(name) for name in _OWN_CHOICE):
        return None
    return _asked(host, host.environment.get("CC") or "gcc")


def _asked(host: Host, name: str) -> Compiler:
    if host.which(name) is None:
        return Compiler(name, problem="is not on PATH")
    try:
        done = host.run([name, "--version"], TIMEOUT)
    except Unavailable as reason:
        return Compiler(name, problem=f"does not run ({reason})")
    if done.code:
        return Compiler(name, problem=f"does not run (exit code {done.code})")
    found = _VERSION.search(done.out)
    return Compiler(name, found[1] if found else "", "clang" not in done.out.lower())


def too_old(compiler: Compiler, torch: str) -> str:
    """Why gcc cannot compile torch's headers; empty if it can, or nobody knows."""
    oldest = next((gcc for since, gcc in OLDEST if not older(torch, since)), 0)
    if not compiler.gnu or not compiler.major or compiler.major >= oldest:
        return ""
    return f"torch {torch} needs gcc {oldest} or later"


def too_new(compiler: Compiler | None, cuda: str) -> str:
    """Why nvcc refuses gcc; empty if it does not, or nobody knows."""
    if compiler is None or not compiler.gnu or compare(cuda, NEWEST_KNOWN_CUDA) > 0:
        return ""
    newest = next((gcc for since, gcc in NEWEST if not older(cuda, since)), None)
    if newest is None or compiler.major <= newest:
        return ""
    return f"nvcc {cuda} works with gcc up to {newest}"
