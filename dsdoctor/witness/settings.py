"""The variables that make a job tell more when it dies, without changing what it prints.

What the user has set in one way or another stays as it is. After NCCL's user guide (Logging, and
NCCL_CONF_FILE) and the sources of torch 2.13 (distributed/run.py, elastic/multiprocessing) and
DeepSpeed 0.19.8 (launcher/runner.py: to other hosts it exports NCCL_* and PYTHON*, not TORCH_*).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from dsdoctor.errors import UsageError
from dsdoctor.job.launch_line import Launch, parse_launch_line
from dsdoctor.smoke.recorder import recorder_settings

MARK = "DSDOCTOR_RUN"
"""All processes of the run carry it, with the run's own value."""
ERROR_FILE = "TORCHELASTIC_ERROR_FILE"
LOG_DIR = "PET_LOG_DIR"
"""torchrun reads the default of each option from a variable of this kind."""
RANKS = "ranks"
"""What launchers write of single ranks is in this folder of the run's."""
PIPE = "TORCH_NCCL_DEBUG_INFO_PIPE_FILE"
_DEBUG = ("NCCL_DEBUG", "NCCL_DEBUG_FILE")
_ELSEWHERE = ("srun", "mpirun", "mpiexec", "jsrun", "flux")
"""They take all variables to hosts where the run's folder may not be."""
_CONF_LINE = re.compile(r"^\s*NCCL_DEBUG(?:_FILE)?\s*=", re.MULTILINE)
MAX_CONF = 1 << 16


def settings(
    argv: Sequence[str], folder: Path, mark: str, environment: Mapping[str, str]
) -> dict[str, str]:
    """The variables to add for the job ``argv``, whose run's folder is ``folder``."""
    added = {MARK: mark, **recorder_settings(folder, environment)}
    if stays_here(argv):
        added |= _error_files(argv, folder, environment)
    else:
        # torch ends a process that cannot make the pipe
        added.pop(PIPE, None)
    if not _debug_is_set(environment) and "%" not in str(folder):
        added |= {"NCCL_DEBUG": "WARN", "NCCL_DEBUG_FILE": str(folder / "nccl.%h.%p.log")}
    if "PYTHONFAULTHANDLER" not in environment:
        added["PYTHONFAULTHANDLER"] = "1"
    return added


def stays_here(argv: Sequence[str]) -> bool:
    """Do its variables stay on this host, or go no further than DeepSpeed's launcher takes them?"""
    return not any(Path(word).name in _ELSEWHERE for word in argv)


def launch_of(argv: Sequence[str]) -> Launch | None:
    """What kind of launcher it is, as far as the command tells."""
    try:
        return parse_launch_line(shlex.join(argv))
    except UsageError:
        return None


def _error_files(
    argv: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> dict[str, str]:
    """Where functions under torch's ``@record`` put their exception.

    torchrun gives each rank a file of its own below its log folder; for what else it starts
    ranks with, one file for all is better than none.
    """
    launch = launch_of(argv)
    if launch is None or launch.launcher not in ("torchrun", "accelerate"):
        return {} if ERROR_FILE in environment else {ERROR_FILE: str(folder / "error.json")}
    taken = LOG_DIR in environment or any(re.match(r"--log[-_]dir\b", word) for word in argv)
    return {} if taken else {LOG_DIR: str(folder / RANKS)}


def _debug_is_set(environment: Mapping[str, str]) -> bool:
    """In the environment, or in a file of NCCL's own, over which a variable would win."""
    if any(name in environment for name in _DEBUG):
        return True
    own = environment.get("NCCL_CONF_FILE") or f"{environment.get('HOME', '/root')}/.nccl.conf"
    return any(_CONF_LINE.search(_text(Path(path))) for path in (own, "/etc/nccl.conf"))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_CONF).decode("utf-8", "replace") if path.is_file() else ""
    except OSError:
        return ""
