"""Reads a file of training arguments, whoever it was written for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath

from dsdoctor.errors import SourceError
from dsdoctor.job import axolotl, llamafactory
from dsdoctor.job.axolotl import from_axolotl
from dsdoctor.job.job_file import JobFile, Reader
from dsdoctor.job.llamafactory import from_llamafactory
from dsdoctor.job.trainer import from_trainer
from dsdoctor.job.training_fields import kind_of
from dsdoctor.job.yaml_places import Settings, read_settings

__all__ = ["READERS", "JobFile", "framework_of", "job_file_of", "read_job_file"]

READERS: Mapping[str, Reader] = {
    "trainer": from_trainer,
    "llamafactory": from_llamafactory,
    "axolotl": from_axolotl,
}

_OTHERS = (
    ("zero_optimization", "a DeepSpeed configuration", "give it as the file to lint"),
    ("train_micro_batch_size_per_gpu", "a DeepSpeed configuration", "give it as the file to lint"),
    ("distributed_type", "an Accelerate config file", "give it with --accelerate-config"),
)


def read_job_file(path: FilePath) -> JobFile:
    """Training arguments from a JSON or YAML file: the Trainer's, LLaMA-Factory's or Axolotl's.

    Raises:
        SourceError: the file cannot be read, or holds something else.
    """
    return job_file_of(read_settings(path))


def job_file_of(settings: Settings) -> JobFile:
    """Training arguments from a file that was read.

    Raises:
        SourceError: the file holds something else.
    """
    _refuse_others(settings)
    read = READERS[framework_of(settings.data)]
    return read({key: settings.setting(key) for key in settings.data})


def framework_of(names: Iterable[str]) -> str:
    """Whose names these are."""
    given = set(names)
    if given & llamafactory.MARKS:
        return "llamafactory"
    if given & axolotl.MARKS:
        return "axolotl"
    return "trainer"


def _refuse_others(settings: Settings) -> None:
    for key, what, hint in _OTHERS:
        if key in settings.data:
            place = settings.place(key)
            raise SourceError(
                f"this is {what}, no training arguments", hint=hint, location=str(place)
            )
    known = any(kind_of(key) for key in settings.data)
    if not known and framework_of(settings.data) == "trainer":
        raise SourceError(
            "holds no training argument",
            hint="such as per_device_train_batch_size, learning_rate, bf16",
            location=settings.name,
        )
