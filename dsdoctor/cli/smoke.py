"""``dsdoctor smoke``: train a small real model under a configuration, and judge the run."""

from __future__ import annotations

from pathlib import Path

import click

from dsdoctor.cli.formats import Outputs, format_options
from dsdoctor.cli.smoke_options import Options, one_of, size
from dsdoctor.cli.smoke_runs import smoke_report
from dsdoctor.errors import EXIT_FINDINGS, EXIT_INTERRUPTED, EXIT_OK
from dsdoctor.model import Report
from dsdoctor.report.smoke_text import GOOD
from dsdoctor.smoke.request import LAUNCHERS, STEPS, TIMEOUT, Launcher

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
COUNT = click.IntRange(1)


@click.command("smoke")
@click.argument("config", required=False, type=FILE)
@click.option("--config", "alias", type=FILE, help="The same as CONFIG.")
@click.option("--gpus", type=click.IntRange(0), metavar="N", help="Ranks on each host.")
@click.option("--world-size", type=COUNT, metavar="N", help="Ranks of the job that CONFIG is for.")
@click.option("--stage", type=click.IntRange(0, 3), help="This ZeRO stage instead of CONFIG's.")
@click.option("--steps", type=click.IntRange(1, 100_000), default=STEPS, show_default=True)
@click.option("--launcher", type=click.Choice(LAUNCHERS), default="deepspeed", show_default=True)
@click.option("--trainer", type=click.Choice(["hf"]), help="Train with the Hugging Face Trainer.")
@click.option("--before", type=FILE, help="A configuration that fails ...")
@click.option("--after", type=FILE, help="... and the same with the fix: does it help?")
@click.option("--matrix", is_flag=True, help="Which variants work on this machine?")
@click.option("--gpu-memory", metavar="SIZE", help="Use only this much of each GPU: 24GiB.")
@click.option("--hostfile", type=FILE, help="Run on the hosts of this file (DeepSpeed's syntax).")
@click.option("--timeout", type=click.FloatRange(1), default=TIMEOUT, show_default=True)
@click.option("--anyway", is_flag=True, help="Run CONFIG even if lint says that it cannot run.")
@click.option("--keep", type=FOLDER, metavar="DIR", help="Keep the run's files here.")
@click.option("--python", metavar="PATH", help="The job's Python, if it is not dsdoctor's.")
@click.option("--model", type=FOLDER, metavar="DIR", help="The model of its config.json.")
@click.option("--layers", type=COUNT, metavar="N")
@click.option("--hidden", type=COUNT, metavar="N")
@click.option("--seq", "sequence", type=COUNT, metavar="N")
@click.option("--micro-batch", type=COUNT, metavar="N")
@click.option("--checkpoint", is_flag=True, help="Also save in the middle, load, and compare.")
@click.option("--gather", is_flag=True, help="Also save the 16-bit model, as the job would.")
@format_options
@click.option("-v", "--verbose", is_flag=True, help="Every check and every rank.")
def smoke_command(
    config: Path | None,
    alias: Path | None,
    gpus: int | None,
    world_size: int | None,
    stage: int | None,
    steps: int,
    launcher: Launcher,
    trainer: str | None,
    before: Path | None,
    after: Path | None,
    matrix: bool,
    gpu_memory: str | None,
    hostfile: Path | None,
    timeout: float,
    anyway: bool,
    keep: Path | None,
    python: str | None,
    model: Path | None,
    layers: int | None,
    hidden: int | None,
    sequence: int | None,
    micro_batch: int | None,
    checkpoint: bool,
    gather: bool,
    outputs: Outputs,
    verbose: bool,
) -> int:
    """Train a small real model under CONFIG, a ds_config.json, on these GPUs or on the CPU.

    Features stay as they are and sizes are scaled down. Without CONFIG it trains with a
    configuration that suits this machine. Exit codes: 0 passed, or reproduced and then fixed;
    1 not so; 2 it could not be started; 130 interrupted.
    """
    options = Options(
        config=one_of(config, alias),
        before=before,
        after=after,
        matrix=matrix,
        gpus=gpus,
        world_size=world_size,
        stage=stage,
        steps=steps,
        launcher=launcher,
        trainer=trainer is not None,
        model=model,
        layers=layers,
        hidden=hidden,
        sequence=sequence,
        micro_batch=micro_batch,
        gpu_memory=size(gpu_memory),
        hostfile=hostfile,
        timeout=timeout,
        anyway=anyway,
        keep=keep,
        python=python,
        checkpoint=checkpoint,
        gather=gather,
    )
    options.check()
    report = smoke_report(options, lambda text: click.echo(f"smoke: {text}", err=True))
    outputs.publish(report, verbose=verbose)
    return _code(report)


def _code(report: Report) -> int:
    outcome = report.smoke.outcome if report.smoke else ""
    if outcome in GOOD:
        return EXIT_OK
    return EXIT_INTERRUPTED if outcome == "interrupted" else EXIT_FINDINGS
