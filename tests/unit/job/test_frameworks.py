"""LLaMA-Factory's, Axolotl's and the Trainer's files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dsdoctor.errors import SourceError
from dsdoctor.job.frameworks import job_file_of, read_job_file
from dsdoctor.job.job_file import JobFile
from dsdoctor.job.place import Setting
from dsdoctor.job.yaml_places import parse_settings


def read(text: str, name: str = "x.yaml") -> JobFile:
    return job_file_of(parse_settings(text, name))


def values(settings: Any) -> dict[str, Any]:
    return {name: setting.value for name, setting in settings.items()}


def path(job: JobFile) -> Any:
    return job.config.value if job.config else None


LLAMA = """\
### model
model_name_or_path: meta-llama/Llama-3.1-8B
quantization_bit: 4
### method
stage: sft
do_train: true
finetuning_type: lora
deepspeed: examples/deepspeed/ds_z3_config.json  # choices: ...
### dataset
template: llama3
cutoff_len: 2048
### train
per_device_train_batch_size: 1
gradient_accumulation_steps: 8
learning_rate: 1e-4
num_train_epochs: 3.0
bf16: true
ddp_timeout: 180000000
disable_gradient_checkpointing: true
"""


def test_llamafactory() -> None:
    """OmegaConf reads 1e-4 as a number; gradient checkpointing is on unless switched off."""
    job = read(LLAMA)
    assert job.framework == "llamafactory"
    assert path(job) == "examples/deepspeed/ds_z3_config.json"
    assert values(job.arguments) == {
        "do_train": True,
        "deepspeed": "examples/deepspeed/ds_z3_config.json",
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": 8,
        "learning_rate": 1e-4,
        "num_train_epochs": 3.0,
        "bf16": True,
        "ddp_timeout": 180000000,
        "gradient_checkpointing": False,
    }
    assert values(job.model) == {
        "name": "meta-llama/Llama-3.1-8B",
        "sequence_length": 2048,
        "load_in_4bit": True,
        "adapter": "lora",
    }
    bits = job.model["load_in_4bit"]
    assert (bits.name, bits.place.line) == ("quantization_bit", 3)
    assert set(job.other) == {"stage", "template"}


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("quantization_bit: 8", {"load_in_8bit": True}),
        ("quantization_bit: '4'", {"load_in_4bit": True}),
        ("quantization_bit: 2", {}),
        ("quantization_bit:", {}),
        ("finetuning_type: full\npure_bf16: true", {"dtype": "bfloat16"}),
        ("finetuning_type: oft", {"adapter": "oft"}),
    ],
)
def test_how_llamafactory_loads_the_model(text: str, model: dict[str, Any]) -> None:
    assert values(read(text).model) == model


AXOLOTL = """\
base_model: NousResearch/Meta-Llama-3-8B
load_in_8bit: false
load_in_4bit: true
adapter: qlora
datasets:
  - path: mine
    type: alpaca
lora_model_dir:
sequence_len: 4096
gradient_accumulation_steps: 4
micro_batch_size: 2
num_epochs: 4
optimizer: paged_adamw_32bit
lr_scheduler: cosine
learning_rate: 2e-4
bf16: auto
fp16:
gradient_checkpointing: unsloth
deepspeed: deepspeed_configs/zero2.json
weight_decay: 0.0
"""


def test_axolotl() -> None:
    job = read(AXOLOTL)
    assert job.framework == "axolotl"
    assert path(job) == "deepspeed_configs/zero2.json"
    assert values(job.arguments) == {
        "per_device_train_batch_size": 2,
        "gradient_accumulation_steps": 4,
        "num_train_epochs": 4,
        "optim": "paged_adamw_32bit",
        "lr_scheduler_type": "cosine",
        "learning_rate": 2e-4,
        "bf16": "auto",
        "gradient_checkpointing": True,
        "deepspeed": "deepspeed_configs/zero2.json",
        "weight_decay": 0.0,
    }
    assert values(job.model) == {
        "name": "NousResearch/Meta-Llama-3-8B",
        "sequence_length": 4096,
        "load_in_4bit": True,
        "load_in_8bit": False,
        "adapter": "qlora",
    }
    micro = job.arguments["per_device_train_batch_size"]
    assert (micro.name, str(micro.place)) == ("micro_batch_size", "x.yaml:11")


@pytest.mark.parametrize(
    ("text", "arguments", "dtype"),
    [
        ("bf16: true\nfp16: true", {"bf16": True, "fp16": False}, "bfloat16"),
        ("bf16: auto\nfp16: true", {"bf16": False, "fp16": True}, "float16"),
        ("bf16: auto\nfp16: false", {"bf16": "auto"}, None),
        ("bf16: full", {"bf16": False, "bf16_full_eval": True}, "bfloat16"),
        ("bf16: false\nfp16: true", {"bf16": False, "fp16": True}, "float16"),
        ("bfloat16: true", {"bf16": True}, "bfloat16"),
        ("float16: true", {}, "float16"),
        ("load_in_8bit: true", {}, "float16"),
        ("load_in_8bit: true\nbf16: auto", {"bf16": "auto"}, None),
        ("strict: false", {}, None),
    ],
)
def test_precision_in_axolotl(text: str, arguments: dict[str, Any], dtype: str | None) -> None:
    job = read(f"base_model: x\n{text}")
    assert values(job.arguments) == arguments
    assert values(job.model).get("dtype") == dtype


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("batch_size: 16", 8),
        ("batch_size: 16\ngradient_accumulation_steps: 3", 3),
        ("batch_size: many", None),
    ],
)
def test_accumulation_from_axolotls_batch_size(text: str, steps: int | None) -> None:
    job = read(f"micro_batch_size: 2\n{text}")
    assert values(job.arguments).get("gradient_accumulation_steps") == steps


def test_anchors_in_axolotl_files() -> None:
    """Files in the wild use them."""
    job = read("base_model: x\n_d: &d {micro_batch_size: 3}\n<<: *d\n")
    assert values(job.arguments) == {"per_device_train_batch_size": 3}


def test_a_trl_recipe() -> None:
    job = read(
        "model_name_or_path: gpt2\ntorch_dtype: bfloat16\nload_in_4bit: true\nmax_length: 1024\n"
        "fp16: true\nbf16: false\nmine: 1\ndeepspeed: {bf16: {enabled: auto}}\n"
    )
    assert job.framework == "trainer"
    assert values(job.model) == {
        "name": "gpt2",
        "sequence_length": 1024,
        "load_in_4bit": True,
        "dtype": "bfloat16",
    }
    assert job.config is not None
    assert job.config.value == {"bf16": {"enabled": "auto"}}
    assert list(job.other) == ["mine"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("zero_optimization: {stage: 2}", "a DeepSpeed configuration"),
        ("distributed_type: DEEPSPEED\nmixed_precision: bf16", "an Accelerate config file"),
        ("colour: red", "holds no training argument"),
    ],
)
def test_files_of_another_kind(text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        read(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "micro_batch_size: [1]\nbatch_size: {a: 1}\nbf16: [x]\ngradient_checkpointing: []",
        "quantization_bit: [4]\nfinetuning_type: {a: b}\npure_bf16: maybe\ncutoff_len: [1]",
        "torch_dtype: [1]\nbf16: {}\nlearning_rate: []\ndeepspeed: [1]\nevaluation_strategy: {}",
        "quantization_bit: true\ndisable_gradient_checkpointing: 3\nlearning_rate: 1e",
    ],
)
def test_values_of_any_type_do_no_harm(text: str) -> None:
    job = read(text)
    assert all(isinstance(setting, Setting) for setting in job.arguments.values())


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    path.write_text('{"base_model": "x", "micro_batch_size": 2}')
    assert values(read_job_file(path).arguments) == {"per_device_train_batch_size": 2}
