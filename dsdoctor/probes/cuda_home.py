"""The CUDA toolkit that torch would compile with, found as torch finds it.

Read from torch 2.13 utils/cpp_extension.py: _find_cuda_home.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from dsdoctor.probes.clients.host import Host
from dsdoctor.probes.clients.unavailable import Unavailable

TIMEOUT = 5.0
_RELEASE = re.compile(r"release (\d+\.\d+)")


@dataclass(frozen=True, slots=True)
class Toolkit:
    """``home`` and who says so; ``release`` is empty where nvcc is missing or does not run."""

    home: str
    said_by: str
    release: str = ""
    problem: str = ""

    @property
    def nvcc(self) -> str:
        """Where nvcc has to be."""
        return f"{self.home}/bin/nvcc"


def find_toolkit(host: Host) -> Toolkit | None:
    """The toolkit, working or not; None where nothing names one."""
    home, said_by = _home(host)
    if not home:
        return None
    toolkit = Toolkit(home, said_by)
    try:
        done = host.run([toolkit.nvcc, "-V"], TIMEOUT)
    except Unavailable as reason:
        return Toolkit(home, said_by, problem=str(reason))
    found = _RELEASE.search(done.out)
    if found is None:
        return Toolkit(home, said_by, problem=f"{toolkit.nvcc} -V ended with code {done.code}")
    return Toolkit(home, said_by, found[1])


def _home(host: Host) -> tuple[str, str]:
    for name in ("CUDA_HOME", "CUDA_PATH"):
        if given := host.environment.get(name):
            return given, name
    if nvcc := host.which("nvcc"):
        return posixpath.dirname(posixpath.dirname(nvcc)), "nvcc on PATH"
    return ("/usr/local/cuda", "default") if host.is_dir("/usr/local/cuda") else ("", "")
