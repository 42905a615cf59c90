"""What a run was started with: the command, the machine, the versions and the variables.

Only variables that matter to a training job are kept, and no secrets.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shlex
import shutil
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from dsdoctor import __version__
from dsdoctor.probes.clients.gpus import Gpus
from dsdoctor.probes.clients.host import Host
from dsdoctor.probes.clients.packages import Packages
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.redact.screen import Step, suspects
from dsdoctor.redact.secrets import Secrets
from dsdoctor.witness.settings import launch_of

START, FACTS = "run.json", "inventory.json"
_WANTED = re.compile(
    r"(?:T?RCCL|NCCL|CUDA|NVIDIA|TORCH(?:ELASTIC)?|PYTORCH|PET|DS|DEEPSPEED|MASTER|SLURM|GLOO|UCX"
    r"|OMPI|PMI|PMIX|PBS|LSB|HSA|ROCR|HIP|OMP|MKL|KMP|ACCELERATE|HF|TRITON|TOKENIZERS|LOCAL|GROUP"
    r"|FI|OFI|PYTHON)_\w+|RANK|WORLD_SIZE|PYTHON\w+|VIRTUAL_ENV|CONDA_PREFIX|LD_LIBRARY_PATH"
    r"|LD_PRELOAD|HOSTNAME|TMPDIR"
)
_SECRET = re.compile(r"TOKEN(?!IZERS)|SECRET|PASSW|CREDENTIAL|API_?KEY|_KEY\Z|AUTH|COOKIE")
_SHEBANG = re.compile(rb"#!\s*(\S*/python[\d.]*)\s")
MAX_VALUE = 2000


def write_start(
    folder: Path, argv: Sequence[str], added: Mapping[str, str], environment: Mapping[str, str]
) -> None:
    """Write what is known at once, before the job starts."""
    launch = launch_of(argv)
    _write(
        folder / START,
        {
            "dsdoctor": __version__,
            "command": without_secrets(shlex.join(argv)),
            "launcher": launch.launcher if launch else "",
            "folder": str(Path.cwd()),
            "host": socket.gethostname(),
            "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "pid": os.getpid(),
            "environment": chosen_variables(environment),
            "set_by_dsdoctor": dict(sorted(added.items())),
        },
    )


def write_facts(folder: Path, host: Host, gpus: Gpus, packages: Packages) -> None:
    """Write what takes a moment to find out. What cannot be found out says why."""
    _write(
        folder / FACTS,
        {
            "system": platform.system(),
            "kernel": platform.release(),
            "machine": platform.machine(),
            "cpus": os.cpu_count(),
            "memory": (host.read("/proc/meminfo") or "").splitlines()[:3],
            "python": packages.python,
            "versions": _tried(lambda: dict(packages.versions())),
            "gpus": _tried(lambda: msgspec.to_builtins(gpus.inventory())),
        },
    )


def chosen_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """Those that matter, sorted."""
    return {
        name: without_secrets(value[:MAX_VALUE])
        for name, value in sorted(environment.items())
        if _WANTED.fullmatch(name) and not _SECRET.search(name)
    }


def without_secrets(text: str) -> str:
    """The text with a mark for each key, token or password in it. Names of hosts stay."""
    data = text.encode("utf-8", "surrogateescape").replace(b"\n", b" ")
    steps: set[Step] = set().union(*suspects(data).values())
    return Secrets(lambda _: None).hide(data, steps).decode("utf-8", "replace")


def python_of(argv: Sequence[str], path: str | None) -> str:
    """The Python that the command runs: itself, or the one in a script's first line."""
    program = shutil.which(argv[0], path=path) if argv else None
    if program is None:
        return sys.executable
    if Path(program).name.startswith("python"):
        return program
    try:
        with Path(program).open("rb") as stream:
            match = _SHEBANG.match(stream.read(512))
    except OSError:
        match = None
    return os.fsdecode(match[1]) if match else sys.executable


def _tried(ask: Any) -> Any:
    try:
        return ask()
    except Unavailable as error:
        return {"unavailable": str(error)}


def _write(path: Path, facts: Mapping[str, Any]) -> None:
    """Whole or not at all: somebody may wait for it."""
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8", errors="replace")
    draft.replace(path)
