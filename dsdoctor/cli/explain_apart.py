"""Explains logs in a process of its own, within limits, for a program that must not suffer."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

MEMORY = 2 * 1024**3
"""Bytes of address space, most of which is never touched."""
DISK = 64 * 1024**2
MOST_TEXT = 20_000
_CHILD = """\
import json, resource, sys
from contextlib import suppress
paths, memory, disk, *arguments = sys.argv[1:]
sys.path[:] = json.loads(paths)
for what, most in ((resource.RLIMIT_AS, int(memory)), (resource.RLIMIT_FSIZE, int(disk))):
    hard = resource.getrlimit(what)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with suppress(OSError, ValueError):
        resource.setrlimit(what, (most, hard))
from dsdoctor.cli.main import main
sys.exit(main(arguments))
"""


def verdict_on(
    texts: Mapping[str, str], logs: Sequence[Path], config: Path | None, seconds: float
) -> str:
    """What ``dsdoctor explain`` says of the logs; without any, of the texts.

    Of texts, which may be anything, only a cause that was recognised is told; of logs, which
    somebody chose, everything is.

    Args:
        texts: outputs by where they come from.
        logs: files and folders; those that do not exist are named.
        config: the job's ds_config.json.
        seconds: when to give up.
    """
    there = [path for path in logs if path.exists()]
    lacking = [f"no log at {path}" for path in logs if path not in there]
    with TemporaryDirectory(prefix="dsdoctor-") as name:
        folder = Path(name)
        sources = [str(path) for path in there] or _written(texts, folder)
        said = _explained(sources, config, folder, seconds, told=bool(there)) if sources else ""
    return "\n".join(filter(None, [*lacking, said]))


def _written(texts: Mapping[str, str], folder: Path) -> list[str]:
    """The names of files below ``folder`` that hold the texts."""
    names = []
    for title, text in texts.items():
        if text:
            names.append(re.sub(r"\W+", "-", title).strip("-")[:60] + ".log")
            (folder / names[-1]).write_text(text, encoding="utf-8", errors="replace")
    return names


def _explained(
    sources: Sequence[str], config: Path | None, folder: Path, seconds: float, *, told: bool
) -> str:
    options = ["--format", "json:report.json", "--fail-on", "never"]
    if config is not None:
        options += ["--config", str(config)]
    paths = json.dumps([path for path in sys.path if path])
    # isolated: the folder, the environment and the user's site cannot put modules in the way
    head = [sys.executable, "-I", "-c", _CHILD, paths, str(MEMORY), str(DISK)]
    with (folder / "said").open("wb") as out, (folder / "errors").open("wb") as errors:
        try:
            code = subprocess.run(  # noqa: S603 - ourselves, without a shell
                [*head, "explain", *options, "--", *sources],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                timeout=seconds,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            return f"gave up on the logs after {seconds:.0f} s" if told else ""
    if code:
        return _beginning(folder / "errors") or f"ended with {code}" if told else ""
    return _beginning(folder / "said") if told or _is_recognised(folder / "report.json") else ""


def _is_recognised(path: Path) -> bool:
    report = json.loads(path.read_bytes())
    return bool(report["verdict"]["status"] == "diagnosed")


def _beginning(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as stream:
        text = stream.read(MOST_TEXT + 1)
    whole = len(text) <= MOST_TEXT
    return (text if whole else text[:MOST_TEXT].rpartition("\n")[0] + "\n…").strip("\n")
