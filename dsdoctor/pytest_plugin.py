"""pytest: a test that launches a DeepSpeed job and fails gets dsdoctor's verdict in its report.

Found by itself where dsdoctor is installed. ``--no-dsdoctor`` turns it off, ``-p no:dsdoctor``
keeps it from being loaded. It looks at nothing unless a test fails, and then only at output that
speaks of a distributed job, or at logs that the test named with the fixture ``dsdoctor_log``.

The reading happens in a process of its own: a log that would cost too much time or memory costs
the test run neither, and nothing that goes wrong there changes the outcome of a test.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

SECTION = "dsdoctor"
SIGNS = ("deepspeed", "torch.distributed", "torchrun", "torch.multiprocessing", "nccl", "[rank")
"""Output without any of these is not that of a distributed job, and is not read further."""
LONGEST = 16 * 1024 * 1024
"""Characters of one output that are read: its beginning and its end."""
PATIENCE = 20.0
"""Seconds for one failure."""
BUDGET = 60.0
"""Seconds for all failures of a run together; with xdist, of each worker."""
SPENT = f"not read: the other failures of this run took the {BUDGET:.0f} s there are for it"


@dataclass(slots=True)
class Notes:
    """What is known of one test: the logs it named, and whether its failure has been told."""

    logs: list[Path] = field(default_factory=list)
    config: Path | None = None
    told: bool = False


NOTES = pytest.StashKey[Notes]()
LEFT = pytest.StashKey[float]()
Register = Callable[..., Path]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("dsdoctor").addoption(
        "--no-dsdoctor",
        action="store_true",
        help="do not add dsdoctor's verdict to tests of DeepSpeed jobs that fail",
    )


@pytest.fixture
def dsdoctor_log(request: pytest.FixtureRequest) -> Register:
    """Name a log, or a folder of logs, that dsdoctor reads if this test fails.

    ``dsdoctor_log(path)`` gives the path back; ``dsdoctor_log(path, config=...)`` names the job's
    ds_config.json too. The file need not exist yet.
    """
    notes = request.node.stash.setdefault(NOTES, Notes())

    def register(
        path: str | os.PathLike[str], *, config: str | os.PathLike[str] | None = None
    ) -> Path:
        # absolute now: the test may be in another folder when it fails
        notes.logs.append(Path(path).absolute())
        if config is not None:
            notes.config = Path(config).absolute()
        return Path(path)

    return register


# not the newer wrapper=True: an older pytest must not trip over a plugin that came by itself
@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, None]:
    """Add a section to the report of a failure."""
    outcome = yield
    if call.excinfo is None or item.config.getoption("--no-dsdoctor", default=True):
        return
    report = outcome.get_result()
    try:
        notes = item.stash.setdefault(NOTES, Notes())
        if report.failed and not notes.told:
            notes.told = _tell(report, call.excinfo.value, notes, item.config.stash)
    except (Exception, pytest.fail.Exception):  # noqa: BLE001 - never in the way of a report
        return


def _tell(
    report: pytest.TestReport, error: BaseException, notes: Notes, session: pytest.Stash
) -> bool:
    """Add what dsdoctor says; was there anything to read?"""
    texts = {name: _bounded(text) for name, text in _outputs(report, error)}
    if not notes.logs and not any(_is_telling(text) for text in texts.values()):
        return False
    left = session.get(LEFT, BUDGET)
    if left <= 0:
        report.sections.append((SECTION, SPENT))
        return True
    from dsdoctor.cli.explain_apart import verdict_on

    started = time.monotonic()
    try:
        said = verdict_on(texts, notes.logs, notes.config, min(left, PATIENCE))
    finally:
        session[LEFT] = left - (time.monotonic() - started)
    if said:
        report.sections.append((SECTION, said))
    return True


def _outputs(report: pytest.TestReport, error: BaseException) -> Iterator[tuple[str, str]]:
    """What the test and its processes said, by where it was found."""
    for title, text in report.sections:
        if title.startswith("Captured "):
            yield title.removeprefix("Captured "), text
    if isinstance(error, (subprocess.CalledProcessError, subprocess.TimeoutExpired)):
        yield "stdout of the command", _as_text(error.stdout)
        yield "stderr of the command", _as_text(error.stderr)
    elif isinstance(error, (AssertionError, pytest.fail.Exception)):
        # pytest indents all but the first line of what a failed assert says
        yield "message of the failure", str(error).replace("\n  ", "\n")


def _as_text(output: bytes | str | None) -> str:
    return output.decode(errors="replace") if isinstance(output, bytes) else output or ""


def _bounded(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return text[: LONGEST // 4] + "\n" + text[-LONGEST * 3 // 4 :]


def _is_telling(text: str) -> bool:
    small = text.lower()
    return any(sign in small for sign in SIGNS)
