"""Makes a job of a rule's lint sample, through the same files and options that a user has."""

from __future__ import annotations

import json
from pathlib import Path

from dsdoctor.cli.lint import capability
from dsdoctor.job.assemble import Sources, assemble
from dsdoctor.job.spec import JobSpec
from dsdoctor.job.syntax.read import read_document
from dsdoctor.knowledge.rule import LintSample


def job_of(sample: LintSample, folder: Path) -> JobSpec:
    """The job that ``sample`` describes; its files are written into ``folder``."""
    config = folder / "ds_config.json"
    config.write_text(sample.config)
    arguments = None
    if sample.arguments is not None or sample.model:
        arguments = folder / "train_args.json"
        arguments.write_text(json.dumps({**(sample.arguments or {}), **sample.model}, indent=2))
    sources = Sources(
        world_size=sample.world_size,
        trainer=sample.trainer,
        training_args=arguments,
        accelerate_config=_file(folder / "accelerate.yaml", sample.accelerate),
        launch=sample.launch,
        hostfile=_file(folder / "hostfile", sample.hostfile),
        deepspeed=sample.deepspeed or None,
        gpu=capability(sample.gpu or None),
    )
    return assemble(read_document(str(config)), sources)


def _file(path: Path, text: str) -> Path | None:
    if not text:
        return None
    path.write_text(text)
    return path
