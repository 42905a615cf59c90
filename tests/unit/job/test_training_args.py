"""TrainingArguments from files and command lines."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from dsdoctor.errors import SourceError
from dsdoctor.job.launch_line import parse_launch_line
from dsdoctor.job.training_args import read_training_args
from dsdoctor.job.training_fields import FIELDS, FIELDS_OF_4, ON_BY_DEFAULT, RENAMED, Kind, typed


def test_a_yaml_file(tmp_path: Path) -> None:
    """Others' settings are left out, and 1e-4 is text as it is for the Trainer."""
    path = tmp_path / "args.yaml"
    path.write_text(
        "model_name_or_path: gpt2\nper_device_train_batch_size: 4\nlearning_rate: 1e-4\n"
        "bf16: true\nevaluation_strategy: steps\ndeepspeed: ds.json\n"
    )
    arguments = read_training_args(path)
    assert {name: setting.value for name, setting in arguments.items()} == {
        "per_device_train_batch_size": 4,
        "learning_rate": "1e-4",
        "bf16": True,
        "eval_strategy": "steps",
        "deepspeed": "ds.json",
    }
    assert arguments["eval_strategy"].name == "evaluation_strategy"
    assert str(arguments["bf16"].place) == f"{path}:4"


def test_a_json_file(tmp_path: Path) -> None:
    path = tmp_path / "args.json"
    path.write_text(
        '{"learning_rate": 1e-4, "deepspeed": {"bf16": {"enabled": "auto"}}, "fp16": null}'
    )
    arguments = read_training_args(path)
    assert arguments["learning_rate"].value == 1e-4
    assert arguments["deepspeed"].value == {"bf16": {"enabled": "auto"}}
    assert arguments["fp16"].value is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("gradient_checkpointing: true\n", True),
        ("activation_checkpointing: true\n", True),
        ("gradient_checkpointing: true\nactivation_checkpointing: false\n", False),
        ("gradient_checkpointing: true\nactivation_checkpointing:\n", True),
    ],
)
def test_two_names_of_one_argument(tmp_path: Path, text: str, value: bool) -> None:
    path = tmp_path / "args.yaml"
    path.write_text(text)
    arguments = read_training_args(path)
    assert list(arguments) == ["gradient_checkpointing"]
    assert arguments["gradient_checkpointing"].value is value


def test_a_bad_file(tmp_path: Path) -> None:
    path = tmp_path / "args.json"
    path.write_text("[1]")
    with pytest.raises(SourceError, match="holds a list"):
        read_training_args(path)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.INT, "8", 8),
        (Kind.INT, " 1_000 ", 1000),
        (Kind.INT, "8.0", "8.0"),
        (Kind.INT, "9" * 5000, "9" * 5000),
        (Kind.FLOAT, "l1e-4", "l1e-4"),
        (Kind.FLOAT, "1e-4", 1e-4),
        (Kind.FLOAT, "1e", "1e"),
        (Kind.BOOL, "Yes", True),
        (Kind.BOOL, "maybe", "maybe"),
        (Kind.TEXT, "1", "1"),
    ],
)
def test_what_the_parser_refuses_stays_text(kind: Kind, text: str, value: Any) -> None:
    assert typed(kind, text) == value


LINES: list[list[str]] = [
    ["--per_device_train_batch_size", "2", "--bf16", "--learning_rate=1e-4"],
    ["--bf16", "True", "--fp16", "False", "--tf32", "no"],
    ["--per-device-train-batch-size", "2", "--gradient-accumulation-steps=16"],
    ["--gradient_checkpointing", "--max_steps", "-1", "--warmup_steps", "0.1"],
    ["--gradient_checkpointing", "False", "--do_train", "--do_eval", "true"],
    ["--no_dataloader_pin_memory", "--no-remove-unused-columns"],
    ["--lr_scheduler_type", "cosine", "--optim", "adamw_torch", "--save_strategy=epoch"],
    ["--label_names", "a", "b", "--report_to", "none", "--output_dir", "out dir"],
    ["--deepspeed", "ds.json", "--max_grad_norm", "0", "--adam_epsilon", "1.5e-08"],
    ["--learning_rate", "1e-4", "--learning_rate", "2e-4", "--seed", "1_0"],
    ["--num_train_epochs", "3", "--save_total_limit", "2", "--ddp_timeout", "1800"],
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("line", LINES, ids=lambda line: line[0])
def test_a_line_as_hf_argument_parser_reads_it(line: list[str]) -> None:
    transformers = pytest.importorskip("transformers")
    parser = transformers.HfArgumentParser(transformers.TrainingArguments)
    theirs = vars(parser.parse_args(line))
    ours = parse_launch_line("python train.py " + " ".join(map(_quoted, line))).arguments
    assert ours
    for name, setting in ours.items():
        value = theirs[name]
        assert (setting.value, type(setting.value)) == (value, type(value)), name


def _quoted(word: str) -> str:
    return f"'{word}'"


@pytest.mark.filterwarnings("ignore")
def test_the_table_is_that_of_transformers_5() -> None:
    """Every field, with its type; each ``--no_`` option; and no name that only 4.x had."""
    transformers = pytest.importorskip("transformers", minversion="5.0")
    parser = transformers.HfArgumentParser(transformers.TrainingArguments)
    fields = {field.name for field in dataclasses.fields(transformers.TrainingArguments)}
    assert fields == set(FIELDS)
    assert not fields & set(FIELDS_OF_4)
    for action in parser._actions:
        if action.dest in FIELDS and type(action).__name__ == "_StoreAction":
            assert _kind(action) is FIELDS[action.dest], action.dest
    off = {a.dest for a in parser._actions if type(a).__name__ == "_StoreFalseAction"}
    assert off == ON_BY_DEFAULT & fields


def _kind(action: Any) -> Kind:
    if action.nargs == "+":
        return Kind.LIST
    name = getattr(action.type, "__name__", "")
    kinds = {"int": Kind.INT, "float": Kind.FLOAT, "string_to_bool": Kind.BOOL}
    return kinds.get(name, Kind.TEXT)


@pytest.mark.filterwarnings("ignore")
def test_a_file_as_hf_argument_parser_reads_it(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    data = {"output_dir": str(tmp_path), "learning_rate": 1e-4, "per_device_train_batch_size": 2,
            "use_cpu": True, "gradient_accumulation_steps": 4, "max_grad_norm": 0.5}  # fmt: skip
    path = tmp_path / "args.json"
    path.write_text(json.dumps(data))
    parser = transformers.HfArgumentParser(transformers.TrainingArguments)
    (theirs,) = parser.parse_json_file(path)
    for name, setting in read_training_args(path).items():
        assert getattr(theirs, name) == setting.value


def test_renamed_names_are_fields() -> None:
    known = set(FIELDS) | set(FIELDS_OF_4)
    assert set(RENAMED) | set(RENAMED.values()) <= known
