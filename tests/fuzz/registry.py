"""The targets by name, each loaded when it is asked for: the fuzzer watches what it imports."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

from dsdoctor.errors import DsDoctorError
from tests.fuzz.target import Target

MODULES = {
    "compression": "compressed",
    "log": "log",
    "explain": "explain",
    "nccl": "nccl",
    "kernel": "kernel",
    "error-json": "error_json",
    "nvidia-smi": "nvidia_smi",
    "py-spy": "pyspy",
    "pickle": "pickles",
    "recorder": "recorder",
    "config": "config",
    "lint": "lint",
    "settings": "settings",
    "launch-line": "launch_line",
    "hosts": "hosts",
    "rules": "rules",
    "foreign": "foreign",
    "baseline": "baseline",
    "redact": "redact",
    "names": "names",
}
"""Modules of ``tests.fuzz.readers`` with a ``TARGET``."""


def target(name: str) -> Target:
    """The target called ``name``."""
    found: Target = import_module(f"tests.fuzz.readers.{MODULES[name]}").TARGET
    with suppress(DsDoctorError):
        found.run(b"\1" * 8)  # what is loaded once is no cost of the first input
    return found
