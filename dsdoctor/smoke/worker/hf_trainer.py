"""The job through the Hugging Face Trainer, which fills the "auto" values."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset, SequentialSampler
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from . import hf_model
from .data import batch
from .finish import finish
from .hugging_face import join_on_cpu
from .plain import squeeze
from .recorder import Recorder


class Recording(TrainerCallback):
    """Writes each optimizer step down."""

    def __init__(self, record: Recorder) -> None:
        self.record = record
        self.trainer: Any = None
        self.losses: list[Tensor] = []
        self.started, self.skipped = 0.0, 0

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        self.record.phase("train")

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self.started = time.perf_counter()

    def on_step_end(self, _: Any, state: Any, *__: Any, **___: Any) -> None:
        loss = float(torch.stack(self.losses).sum().item())
        self.losses.clear()
        skipped = self.trainer.model_wrapped.skipped_steps
        seconds = time.perf_counter() - self.started
        self.record.step(state.global_step, loss, seconds, skipped=skipped > self.skipped)
        self.skipped = skipped


class RecordingTrainer(Trainer):
    """Keeps the loss of each micro batch: what the Trainer logs is rounded and averaged."""

    def __init__(self, recording: Recording, **settings: Any) -> None:
        super().__init__(callbacks=[recording], **settings)
        self.recording = recording
        recording.trainer = self

    def training_step(self, *given: Any, **named: Any) -> Tensor:
        loss: Tensor = super().training_step(*given, **named)
        self.recording.losses.append(loss.detach().float())
        return loss

    def _get_train_sampler(self, *_: Any, **__: Any) -> Any:
        """Unshuffled: each step sees the same rows."""
        return SequentialSampler(self.train_dataset)


class Rows(Dataset):
    """The rows that each rank sees again and again, in the order in which ranks take turns."""

    def __init__(self, plan: dict[str, Any], ranks: int, steps: int) -> None:
        size, rows = plan["model"], plan["micro_batch"]
        of_a_step = [
            row
            for number in range(steps)
            for rank in range(ranks)
            for row in batch(rank, number, rows, size["sequence"], size["vocabulary"])
        ]
        self.rows = of_a_step * plan["steps"]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        tokens = self.rows[index][:-1]
        return {"input_ids": tokens, "labels": tokens}


def train(plan: dict[str, Any], record: Recorder) -> None:
    """Arguments first: under ZeRO-3 they must be there before the model is made."""
    if plan["device"] == "cpu":
        join_on_cpu()
    arguments = training_arguments(plan)
    squeeze(plan)
    record.phase("model")
    torch.manual_seed(plan["seed"])
    model = AutoModelForCausalLM.from_config(small_or_given(plan))
    record.phase("initialize")
    rows = Rows(plan, record.world_size, arguments.gradient_accumulation_steps)
    recording = Recording(record)
    trainer = RecordingTrainer(recording, model=model, args=arguments, train_dataset=rows)
    trainer.train()
    finish(trainer.model_wrapped, plan, record)


def training_arguments(plan: dict[str, Any]) -> Any:
    """The plan's arguments, those that this release knows, and nothing written or logged."""
    known = {field.name for field in dataclasses.fields(TrainingArguments)}
    ours = {
        "output_dir": str(Path(plan["folder"]) / "checkpoint"),
        "deepspeed": plan["config"],
        "max_steps": plan["steps"],
        "seed": plan["seed"],
        "save_strategy": "no",
        "logging_strategy": "no",
        "report_to": [],
        "disable_tqdm": True,
        "use_cpu": plan["device"] == "cpu",
        "dataloader_pin_memory": plan["device"] != "cpu",
        "gradient_checkpointing": plan["activation_checkpointing"],
    }
    settings = {**plan["arguments"], **ours}
    return TrainingArguments(**{name: settings[name] for name in settings if name in known})


def small_or_given(plan: dict[str, Any]) -> Any:
    """The user's config.json, or a small Llama."""
    size = plan["model"]
    if size["directory"]:
        return hf_model.model_config(plan)
    return LlamaConfig(
        vocab_size=size["vocabulary"],
        hidden_size=size["hidden"],
        intermediate_size=4 * size["hidden"],
        num_hidden_layers=size["layers"],
        num_attention_heads=size["heads"],
        num_key_value_heads=size["heads"],
        max_position_embeddings=size["sequence"],
        use_cache=False,
    )
