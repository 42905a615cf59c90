"""Trains a tiny language model with the Hugging Face Trainer."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from tests.differential.judge.reading import Failure, failure
from tests.differential.judge.training import STEPS, join


def import_early() -> None:
    """What each fork would import anew."""
    import transformers.integrations.deepspeed
    import transformers.models.llama.modeling_llama
    import transformers.trainer  # noqa: F401


def train(text: str, world: int, arguments: dict[str, Any]) -> Failure:
    """Where training stops and why: "arguments", "initialize" or "step"; empty if it works."""
    import transformers

    folder = Path(tempfile.mkdtemp(dir="."))
    config = folder / "ds_config.json"
    config.write_text(text, encoding="utf-8")
    stage = "arguments"
    try:
        join(world)
        given = transformers.TrainingArguments(
            output_dir=str(folder),
            deepspeed=str(config),
            use_cpu=True,
            max_steps=STEPS,
            report_to=[],
            save_strategy="no",
            disable_tqdm=True,
            **arguments,
        )
        stage = "initialize"
        trainer = transformers.Trainer(model=_model(), args=given, train_dataset=_data(world))
        stage = "step"
        trainer.train()
    except Exception as error:  # noqa: BLE001 - every failure is an answer
        return failure(stage, error)
    return {}


def _model() -> Any:
    import transformers

    return transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            vocab_size=16,
            hidden_size=8,
            intermediate_size=8,
            num_hidden_layers=1,
            num_attention_heads=2,
        )
    )


def _data(world: int) -> list[dict[str, Any]]:
    import torch

    tokens = torch.tensor([1, 2, 3])
    return [{"input_ids": tokens, "labels": tokens}] * (64 * world)
