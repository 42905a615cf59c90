"""Files of settings, YAML and JSON, as every framework reads them."""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.errors import DsDoctorError
from dsdoctor.job.accelerate_config import (
    accelerate_settings,
    config_file,
    refused_beside_config_file,
)
from dsdoctor.job.frameworks import job_file_of
from dsdoctor.job.training_args import training_arguments
from dsdoctor.job.yaml_places import parse_settings
from tests.fuzz.choices import Choices
from tests.fuzz.target import Target
from tests.fuzz.words import rules

NAMES = ("args.yaml", "args.json", "config")
KEYS = (
    "learning_rate", "per_device_train_batch_size", "bf16", "deepspeed", "stage",
    "quantization_bit", "finetuning_type", "base_model", "micro_batch_size", "adapter",
    "load_in_4bit", "sequence_len", "distributed_type", "deepspeed_config", "zero_stage",
    "deepspeed_config_file", "num_processes", "mixed_precision", "fp16", "<<",
    "model_name_or_path", "torch_dtype", "max_grad_norm", "a",
)  # fmt: skip
VALUES = (
    "1", "1e-4", "1.0e-4", "true", "yes", "null", "~", "auto", "'x'", '"\\ud800"', "[1, 2]",
    "{a: 1}", "&x 1", "*x", "&x {a: 1}", "!!int 3", "!!float x", "!!binary aGk=", "2026-01-31",
    "2026-99-99", "0o17", "1:30:00", "190:20:30.15", ".inf", ".nan", "-.INF", "0x", "0b", "+", "_",
    "|\n  text", ">-\n  text", "!x y", "no", "bf16", "9" * 400, "[[[1]]]", "- 1", "? a", "1_000",
    "0b1_0", "=", "!!timestamp 1",
)  # fmt: skip


def run(data: bytes) -> None:
    """Read the file, then as the arguments and the Accelerate file that it may be."""
    choices = Choices(data)
    name, raw = NAMES[choices.number(3)], choices.number(2) == 0
    text = choices.rest().decode("utf-8", "replace") if raw else _written(choices)
    settings = parse_settings(text, name)
    settings.flat()
    training_arguments(settings)
    found = accelerate_settings(settings)
    config_file(found)
    refused_beside_config_file(found)
    try:
        job_file_of(settings)
    except DsDoctorError:
        return


def _written(choices: Choices) -> str:
    """A mapping with blocks, aliases, merges, tags, odd scalars."""
    lines, indent = [], 0
    while choices and len(lines) < 40:
        indent = choices.pick((0, 0, indent, indent, indent + 2, max(indent - 2, 0)))
        dash = "- " if choices.number(9) == 0 else ""
        value = "" if choices.number(5) == 0 else choices.pick(VALUES)
        lines.append(f"{' ' * indent}{dash}{choices.pick(KEYS)}: {value}")
    return choices.pick(("\n", "\n", "\r\n", "\r")).join(lines)


def seeds() -> Iterator[bytes]:
    """The files of the rules' samples."""
    yield b"\0\0learning_rate: 1e-4\nbf16: true\nper_device_train_batch_size: 8\n"
    yield b'\1\0{"learning_rate": 1e-4, "deepspeed": "ds.json"}'
    for rule in rules():
        for sample in (*rule.lint.fires, *rule.lint.silent) if rule.lint else ():
            if sample.accelerate:
                yield b"\0\0" + sample.accelerate.encode()


TARGET = Target("settings", run, seeds, lambda: [*KEYS, *VALUES], 512)
