"""The model that a Hugging Face config.json describes."""

from __future__ import annotations

from typing import Any

from transformers import AutoConfig


def model_config(plan: dict[str, Any]) -> Any:
    """The user's config.json, with as many layers as the plan says."""
    size = plan["model"]
    config = AutoConfig.from_pretrained(size["directory"], local_files_only=True)
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    text.use_cache = False
    if size["layers"] and size["layers"] != text.num_hidden_layers:
        text.num_hidden_layers = size["layers"]
    return config
