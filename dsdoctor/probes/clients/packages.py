"""What the job's Python has installed. Nothing of it is imported."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from dsdoctor.probes.clients import packages_child
from dsdoctor.probes.clients.host import Completed, RealHost
from dsdoctor.probes.clients.unavailable import Unavailable

TIMEOUT = 10.0
"""Seconds for a Python whose packages lie on a slow file server."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong with how a package is installed.

    ``kind`` is ``files`` (the metadata is there, files are not), ``metadata`` (the reverse),
    ``leftover`` (a folder of a removed package), ``interrupted`` (pip was killed while it
    replaced it) or ``twice``; ``detail`` is the place, or the two copies.
    """

    package: str
    kind: str
    detail: str


class Packages(Protocol):
    """What probes may ask of a Python.

    All of it raises ``Unavailable`` if that Python cannot be asked.
    """

    @property
    def python(self) -> str:
        """The interpreter."""

    def versions(self) -> Mapping[str, str]:
        """By distribution; also ``python``, ``nccl`` and what torch was built for:
        ``torch.cuda``, ``torch.hip``.
        """

    def location(self, name: str) -> str | None:
        """The folder of the module that a distribution brings."""

    def flaws(self) -> Sequence[Flaw]:
        """What is wrong with the installation."""

    def include(self) -> str:
        """The folder in which this Python's C headers are, or would be."""

    def abi(self) -> str:
        """How torch names this Python in its cache: ``py311``."""


class RealPackages:
    """A Python on this machine: dsdoctor's own, or another one through a child of it.

    Args:
        python: its path.
    """

    def __init__(self, python: str) -> None:
        self._python = python
        self._lock = Lock()
        self._answer: Mapping[str, Any] | Unavailable | None = None

    @property
    def python(self) -> str:
        """As it was given."""
        return self._python

    def versions(self) -> Mapping[str, str]:
        """With ``nccl`` from the wheel that fits torch's CUDA."""
        found: dict[str, str] = dict(self._ask()["versions"])
        major = found.get("torch.cuda", "").partition(".")[0]
        if nccl := found.get(f"nvidia-nccl-cu{major}"):
            found["nccl"] = nccl
        return found

    def location(self, name: str) -> str | None:
        """Found as an import would find it."""
        place: str | None = self._ask()["locations"].get(name)
        return place

    def flaws(self) -> Sequence[Flaw]:
        """In the order of the packages."""
        return [Flaw(*item) for item in self._ask()["troubles"]]

    def include(self) -> str:
        """By sysconfig."""
        return str(self._ask()["include"])

    def abi(self) -> str:
        """With ``t`` at the end for free-threaded builds."""
        return str(self._ask()["abi"])

    def _ask(self) -> Mapping[str, Any]:
        """The one answer, shared by all probes."""
        with self._lock:
            if self._answer is None:
                self._answer = _gather(self._python)
        if isinstance(self._answer, Unavailable):
            raise self._answer
        return self._answer


def _gather(python: str) -> Mapping[str, Any] | Unavailable:
    if os.path.normpath(python) == os.path.normpath(sys.executable):
        return packages_child.gather()
    try:
        done = RealHost().run([python, str(Path(packages_child.__file__))], TIMEOUT)
        return _answer_of(python, done)
    except Unavailable as reason:
        return reason


def _answer_of(python: str, done: Completed) -> Mapping[str, Any]:
    """What the child printed last, whatever a sitecustomize printed before."""
    lines = done.out.strip().splitlines()
    try:
        answer = json.loads(lines[-1]) if lines and not done.code else None
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or "versions" not in answer:
        errors = done.err.strip().splitlines()
        raise Unavailable(f"{python} gave no answer{': ' + errors[-1][-200:] if errors else ''}")
    return answer
