"""Saves in the middle of the training, and trains on from there once more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

TAG = "smoke"


def save(engine: Any, plan: dict[str, Any]) -> None:
    """All ranks write their part."""
    engine.save_checkpoint(_folder(plan), tag=TAG)


def load(engine: Any, plan: dict[str, Any]) -> None:
    """Back to where it was saved, optimizer and scheduler included.

    Raises:
        RuntimeError: DeepSpeed found nothing to load, which it only logs.
    """
    path, _ = engine.load_checkpoint(_folder(plan), tag=TAG)
    if path is None:
        raise RuntimeError(f"DeepSpeed loaded no checkpoint from {_folder(plan)}")


def _folder(plan: dict[str, Any]) -> str:
    return str(Path(plan["folder"]) / "checkpoint")
