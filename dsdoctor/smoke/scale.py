"""What is made smaller so that the job ends in seconds, and what must follow from it."""

from __future__ import annotations

import json
import secrets
from pathlib import Path as FilePath
from typing import Any

from dsdoctor.errors import UsageError
from dsdoctor.job.gap import MISSING
from dsdoctor.job.place import Path
from dsdoctor.smoke.draft import Draft
from dsdoctor.smoke.machine import Device
from dsdoctor.smoke.model_size import ModelSize
from dsdoctor.smoke.request import SmokeRequest

LAYERS, HIDDEN, VOCABULARY, HEAD = 2, 256, 512, 64
SEQUENCE: dict[Device, int] = {"cuda": 128, "cpu": 64}
MICRO: dict[Device, int] = {"cuda": 4, "cpu": 2}
TRUE_SEQUENCE = 512
SWAP_BUFFER = 10_000_000
"""Elements of an NVMe buffer: DeepSpeed allocates several of them and locks them in memory."""

_ZERO = "zero_optimization"
_PERSISTENT: Path = (_ZERO, "stage3_param_persistence_threshold")
_PERSISTENT_DEFAULT = 100_000
_BUFFER: Path = (_ZERO, "offload_param", "buffer_size")
_MAX_CONFIG = 1 << 20


def model_size(request: SmokeRequest, device: Device) -> ModelSize:
    """The sizes asked for, the built-in ones for what is not named.

    Raises:
        UsageError: the model's directory has no readable config.json.
    """
    if request.model_directory is not None:
        return _from_directory(request, request.model_directory)
    hidden = request.hidden or HIDDEN
    heads = max(1, hidden // HEAD)
    if hidden % heads:
        raise UsageError(f"hidden size {hidden} is no multiple of {HEAD}", hint="--hidden 256")
    sequence = request.sequence or SEQUENCE[device]
    return ModelSize(request.layers or LAYERS, hidden, heads, sequence, VOCABULARY)


def _from_directory(request: SmokeRequest, directory: FilePath) -> ModelSize:
    told = _config_json(directory)
    if request.hidden:
        raise UsageError("--hidden does not go with --model", hint="edit its config.json")
    longest = _whole(told, 0, "max_position_embeddings", "n_positions")
    sequence = request.sequence or min(TRUE_SEQUENCE, longest or TRUE_SEQUENCE)
    return ModelSize(
        request.layers or _whole(told, 0, "num_hidden_layers", "n_layer", "num_layers"),
        _whole(told, 0, "hidden_size", "n_embd", "d_model"),
        _whole(told, 0, "num_attention_heads", "n_head"),
        sequence,
        _whole(told, VOCABULARY, "vocab_size"),
        str(directory.resolve()),
    )


def _config_json(directory: FilePath) -> dict[str, Any]:
    """The model's own description; that of the text part where it has several."""
    path = directory / "config.json"
    try:
        with path.open("rb") as stream:
            told = json.loads(stream.read(_MAX_CONFIG))
    except OSError as error:
        raise UsageError(
            f"no readable config.json: {error.strerror or error}",
            hint="--model takes a directory with a Hugging Face config.json",
            location=str(path),
        ) from None
    except (ValueError, RecursionError):
        raise UsageError("not JSON", location=str(path)) from None
    if not isinstance(told, dict):
        raise UsageError("not a Hugging Face config", location=str(path))
    text = told.get("text_config")
    return {**told, **text} if isinstance(text, dict) else told


def _whole(told: dict[str, Any], default: int, *names: str) -> int:
    """The first of the names that states a size."""
    sizes = [told[name] for name in names if isinstance(told.get(name), int)]
    return sizes[0] if sizes and sizes[0] > 0 else default


def follow(draft: Draft, size: ModelSize, stage: Any) -> None:
    """Thresholds and buffers that were chosen for a large model."""
    if stage != 3 or size.directory is not None:
        return
    smallest = 3 * size.hidden**2
    threshold = draft.get(_PERSISTENT)
    limit = _PERSISTENT_DEFAULT if threshold is MISSING else threshold
    if isinstance(limit, (int, float)) and limit >= smallest:
        value = 10 * size.hidden
        draft.change(_PERSISTENT, value, "so that the small model is partitioned too")
    if draft.get((_ZERO, "offload_param", "device")) == "nvme":
        buffer = draft.get(_BUFFER)
        if buffer is MISSING or (isinstance(buffer, (int, float)) and buffer > SWAP_BUFFER):
            draft.change(_BUFFER, SWAP_BUFFER, "large enough for the small model")


def swap_apart(draft: Draft) -> None:
    """NVMe swap files go to a folder of their own on the same disk, which can be removed."""
    name = f"dsdoctor-smoke-{secrets.token_hex(4)}"
    for what in ("offload_optimizer", "offload_param"):
        path: Path = (_ZERO, what, "nvme_path")
        place = draft.get(path)
        if draft.get((*path[:-1], "device")) == "nvme" and isinstance(place, str) and place:
            folder = str(FilePath(place) / name)
            draft.change(path, folder, "removed afterwards")
            if folder not in draft.scratch:
                draft.scratch.append(folder)
