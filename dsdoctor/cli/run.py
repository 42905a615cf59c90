"""``dsdoctor run``: runs a job unchanged, and says what killed it if something does."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from uuid import uuid4

import click

from dsdoctor.cli.formats import Outputs, format_options
from dsdoctor.cli.run_verdict import Ending, explained
from dsdoctor.errors import UsageError
from dsdoctor.probes.clients.host import RealHost
from dsdoctor.witness.conduct import NOT_FOUND, NOT_RUNNABLE, Conductor, StartError
from dsdoctor.witness.ending import end_like
from dsdoctor.witness.folder import LOG, new_folder
from dsdoctor.witness.inventory import python_of, write_start
from dsdoctor.witness.kernel_messages import uptime
from dsdoctor.witness.observer import Orders, fork_observer, leave_observer
from dsdoctor.witness.rank_logs import with_rank_logs
from dsdoctor.witness.settings import settings
from dsdoctor.witness.testimony import Scene


@click.command(
    "run", context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False}
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND...")
@click.option(
    "--dir",
    "named",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The run's folder, a new one.  [default: ./dsdoctor-runs/<time>-<pid>]",
)
@click.option(
    "--stall",
    type=click.FloatRange(min=0, min_open=True),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="No output and no GPU activity for so long is a stall.",
)
@click.option(
    "--rank-logs",
    is_flag=True,
    help="Have torchrun or deepspeed write a log for each rank: torchrun then marks each line with "
    "its rank, deepspeed prints nothing of the ranks.",
)
@click.option("--quiet", is_flag=True, help="Print nothing beside the job's own output.")
@format_options
@click.option("-v", "--verbose", is_flag=True, help="Tell every finding, not only the causes.")
def run_command(
    command: tuple[str, ...],
    named: Path | None,
    stall: float,
    rank_logs: bool,
    quiet: bool,
    outputs: Outputs,
    verbose: bool,
) -> int:
    """Run COMMAND as it would run without dsdoctor, and keep what explains its death.

    Output, signals, terminal and exit code stay the job's own. The folder gets all of the output
    (job.log: as large as the output), an inventory, and on a stall stacks, memory and kernel
    messages. If the job fails, the verdict is printed to standard error below its output.
    Exit codes: the job's; 2 no folder for the run; 126, 127 COMMAND cannot be run, is not there.
    """
    if not command:
        raise UsageError("no command to run", hint="dsdoctor run -- deepspeed train.py ...")
    _refuse_missing(command[0])
    if rank_logs:
        with_rank_logs(command, Path(), os.environ)  # it complains before a folder is made
    run = _Run(command, new_folder(named), stall, rank_logs=rank_logs)
    status = run.to_its_end()
    if run.conductor.log_trouble and not quiet:
        log = run.folder / LOG
        click.echo(f"dsdoctor: {log} lacks its end: no room, or it cannot be written", err=True)
    if status:
        explained(Ending(status, run.folder, run.scene), outputs, quiet=quiet, verbose=verbose)
    return end_like(status)


class _Run:
    """The job with its witnesses."""

    def __init__(
        self, command: tuple[str, ...], folder: Path, limit: float, *, rank_logs: bool
    ) -> None:
        mark = uuid4().hex
        added = settings(command, folder, mark, os.environ)
        if rank_logs:
            command, more = with_rank_logs(command, folder, os.environ)
            added |= more
        host = RealHost()
        python = python_of(command, os.environ.get("PATH"))
        self.folder = folder
        self.scene = Scene(folder, host, uptime(host), python)
        self.conductor = Conductor(command, {**os.environ, **added}, folder / LOG)
        self._mark = mark
        self._limit = limit
        self._observer = 0
        write_start(folder, command, added, os.environ)

    def to_its_end(self) -> int:
        """The job's wait status."""
        status = self.conductor.run(self._observe)
        leave_observer(self._observer, self.folder, failed=status != 0)
        return status

    def _observe(self, job: int) -> None:
        orders = Orders(self.scene, self._mark, self._limit, job, self.conductor.tally)
        self._observer = fork_observer(orders)


def _refuse_missing(program: str) -> None:
    """Before a folder is made for nothing."""
    if shutil.which(program) is not None:
        return
    if os.sep in program and Path(program).exists():
        why = "it is a folder" if Path(program).is_dir() else "Permission denied"
        raise StartError(f"{program!r} cannot be run: {why}", NOT_RUNNABLE)
    raise StartError(f"{program!r}: command not found", NOT_FOUND)
