"""What the deepspeed launcher carries to other hosts: a file of variables for it.

Read from deepspeed 0.14.5 to 0.19.8 launcher/runner.py: of the environment it exports what begins
with a few names, and every line of ``.deepspeed_env`` in the home and the working directory.
``DS_ENV_FILE`` names another file, which may be an absolute path. A line without ``=`` ends it with
a ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

NAME = "deepspeed_env"
_PLAIN = re.compile(r"[\w@%+=:,./-]+\Z")
"""Values that reach a remote shell as they are; the launcher of 0.14 does not quote them."""
_OF_THIS_HOST = ("PATH", "DS_ENV_FILE")
_MAX = 1 << 20


def carry(ours: Mapping[str, str], folder: Path, environment: Mapping[str, str]) -> Path:
    """Write a file with the user's lines and ``ours``, and return it.

    Args:
        ours: variables that the ranks on all hosts need.
        folder: of the run.
        environment: the user's.
    """
    wanted = {
        name: value
        for name, value in ours.items()
        if name not in _OF_THIS_HOST and _PLAIN.match(value)
    }
    path = folder / NAME
    lines = [*_users(environment), *(f"{name}={value}" for name, value in wanted.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _users(environment: Mapping[str, str]) -> Iterator[str]:
    """The lines of the user's own files, in the launcher's order. All of them: it judges them."""
    name = environment.get("DS_ENV_FILE", ".deepspeed_env")
    for place in (Path.home(), Path()):
        with suppress(OSError), (place / name).open(encoding="utf-8", errors="replace") as stream:
            yield from stream.read(_MAX).splitlines()
