"""Programs for scripts to find on their PATH: dsdoctor, and stand-ins."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.conftest import ROOT

LOG = ROOT / "fixtures" / "cases" / "batch-triangle" / "job.log"
"""A job that ended with 1 for the cause DSC001."""
DSDOCTOR = f"""#!/bin/sh
PYTHONPATH={shlex.quote(str(ROOT))} exec {shlex.quote(sys.executable)} -m dsdoctor "$@"
"""
DIES = f"""#!/bin/sh
cat {shlex.quote(str(LOG))} >&2
exit 1
"""
ASKED = """#!/bin/sh
printf '%s\\n' "$@" >>"$ASKED"
exit "${ENDS:-0}"
"""
"""Notes its arguments in a file."""


def programs(folder: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Write programs; gives the environment in which they come first."""
    folder.mkdir(exist_ok=True)
    for name, script in given.items():
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    return {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "ASKED": f"{folder}/asked"}


def asked(env: Mapping[str, str]) -> list[str]:
    """The arguments of all calls of the programs that note them."""
    path = Path(env["ASKED"])
    return path.read_text().splitlines() if path.exists() else []
