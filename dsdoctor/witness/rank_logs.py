"""Has the launcher write a log for each rank, where it can and the user asks for it.

It changes what the job prints, so it is never done unasked: torchrun's ``--tee`` puts the rank
before each line; DeepSpeed's ``--enable_each_rank_log`` writes to the files only. After torch 2.13
distributed/run.py and DeepSpeed 0.19.8 launcher/runner.py and launch.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from dsdoctor.errors import UsageError
from dsdoctor.witness.settings import RANKS, launch_of

_TEE, _BOTH = "PET_TEE", "3"
_OWN_TEE = re.compile(r"(?:-t|-r|--tee|--redirects)(?:=.*)?$")
_OWN_LOG = re.compile(r"--enable_each_rank_log(?:=.*)?$")
_DEEPSPEED = ("deepspeed", "deepspeed.launcher.runner")


def with_rank_logs(
    argv: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """The command that makes the launcher write them to ``folder``, and variables for it.

    What the user has told the launcher of logs stays as it is.

    Raises:
        UsageError: no launcher in the command can.
    """
    launch = launch_of(argv)
    name = launch.launcher if launch else ""
    if name == "torchrun":
        told = any(_OWN_TEE.match(word) for word in argv)
        taken = told or _TEE in environment or "PET_REDIRECTS" in environment
        return tuple(argv), {} if taken else {_TEE: _BOTH}
    at = next((at for at, word in enumerate(argv) if Path(word).name in _DEEPSPEED), None)
    if name != "deepspeed" or at is None:
        raise UsageError(
            "no launcher in the command writes a log for each rank",
            hint="torchrun and deepspeed do; leave out --rank-logs",
        )
    if any(_OWN_LOG.match(word) for word in argv):
        return tuple(argv), {}
    return (*argv[: at + 1], f"--enable_each_rank_log={folder / RANKS}", *argv[at + 1 :]), {}
