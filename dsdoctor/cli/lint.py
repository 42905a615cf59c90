"""``dsdoctor lint``: find what is wrong with a DeepSpeed configuration, and mend it."""

from __future__ import annotations

import re
from pathlib import Path

import click

from dsdoctor.checks.lint import lint
from dsdoctor.cli.formats import Outputs, format_options
from dsdoctor.cli.mend import Wish, mend
from dsdoctor.cli.verdicts import LEVELS, exit_code
from dsdoctor.errors import EXIT_FINDINGS, EXIT_OK, UsageError
from dsdoctor.job.assemble import Sources, assemble, configs_in
from dsdoctor.job.examples import EXAMPLES, example
from dsdoctor.job.syntax.read import read_document
from dsdoctor.knowledge.pack import load_pack

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("lint")
@click.argument("configs", nargs=-1, metavar="CONFIG...")
@click.option("--world-size", type=click.IntRange(1), metavar="N", help="Ranks in all.")
@click.option("--trainer", is_flag=True, help='The Hugging Face Trainer will fill "auto".')
@click.option(
    "--training-args",
    type=FILE,
    help="TrainingArguments as JSON or YAML, or a LLaMA-Factory or Axolotl file.",
)
@click.option("--accelerate-config", type=FILE, help="What `accelerate config` wrote.")
@click.option("--launch", metavar="LINE", default="", help="The launch line, in quotes.")
@click.option("--hostfile", type=FILE, help="DeepSpeed's host file; its slots are the ranks.")
@click.option("--include", default="", metavar="HOSTS", help="As for the deepspeed launcher.")
@click.option("--exclude", default="", metavar="HOSTS", help="As for the deepspeed launcher.")
@click.option("--deepspeed-version", metavar="V", help="Default: installed, else the newest known.")
@click.option("--gpu", metavar="CC", help="Compute capability of the oldest GPU, such as 8.0.")
@format_options
@click.option("--fail-on", type=click.Choice(LEVELS), default="warning", show_default=True)
@click.option("--fix", is_flag=True, help="Apply the fixes that keep the meaning.")
@click.option("--fix-unsafe", is_flag=True, help="Apply the first choice of the others too.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the fixed file here.")
@click.option("--in-place", is_flag=True, help="Write the fixed file over the old one.")
@click.option(
    "--example",
    "example_name",
    type=click.Choice(EXAMPLES),
    help="Print a sound configuration and end.",
)
@click.option("-v", "--verbose", is_flag=True, help="Say why with each finding.")
def lint_command(
    configs: tuple[str, ...],
    world_size: int | None,
    trainer: bool,
    training_args: Path | None,
    accelerate_config: Path | None,
    launch: str,
    hostfile: Path | None,
    include: str,
    exclude: str,
    deepspeed_version: str | None,
    gpu: str | None,
    outputs: Outputs,
    fail_on: str,
    fix: bool,
    fix_unsafe: bool,
    output: Path | None,
    in_place: bool,
    example_name: str | None,
    verbose: bool,
) -> int:
    """Find what is wrong with CONFIG, a ds_config.json, before a job does.

    CONFIG may be - for standard input. Nothing is run and nothing is imported: DeepSpeed need
    not be installed.
    """
    if example_name:
        click.echo(example(example_name), nl=False)
        return EXIT_OK
    sources = Sources(
        world_size=world_size,
        trainer=trainer,
        training_args=training_args,
        accelerate_config=accelerate_config,
        launch=launch,
        hostfile=hostfile,
        include=include,
        exclude=exclude,
        deepspeed=deepspeed_version,
        gpu=capability(gpu),
    )
    specs = [assemble(read_document(name), sources) for name in configs or configs_in(sources)]
    pack = load_pack()
    if not (fix or fix_unsafe):
        report = lint(specs, pack)
    else:
        wish = Wish(unsafe=fix_unsafe, output=output, in_place=in_place)
        report = mend(specs, pack, wish)
    outputs.publish(report, verbose=verbose)
    unsaved = any(change.applied and not change.written for change in report.changes)
    return EXIT_FINDINGS if unsaved and fail_on != "never" else exit_code(report, fail_on)


def capability(text: str | None) -> tuple[int, int] | None:
    """``8.0`` as (8, 0)."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,2})\.(\d)", text)
    if match is None:
        raise UsageError(f"not a compute capability: {text[:20]!r}", hint="8.0 is an A100's")
    return int(match[1]), int(match[2])
