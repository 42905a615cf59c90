"""What is made smaller, and what must follow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dsdoctor.errors import UsageError
from dsdoctor.smoke.draft import Draft
from dsdoctor.smoke.request import SmokeRequest
from dsdoctor.smoke.scale import follow, model_size, swap_apart
from dsdoctor.smoke.sound import spec_of


def drafted(zero: dict[str, Any]) -> Draft:
    return Draft(spec_of({"zero_optimization": zero}))


def zero_of(draft: Draft) -> dict[str, Any]:
    block: dict[str, Any] = draft.config["zero_optimization"]
    return block


SMALL = model_size(SmokeRequest(), "cuda")


def test_a_small_model_is_partitioned_too() -> None:
    draft = drafted({"stage": 3, "param_persistence_threshold": 1_000_000})
    follow(draft, SMALL, 3)
    assert zero_of(draft) == {"stage": 3, "param_persistence_threshold": 2560}
    assert draft.changes == [
        "zero_optimization.param_persistence_threshold 1000000 → 2560 "
        "(so that the small model is partitioned too)"
    ]


@pytest.mark.parametrize("value", [40960, "auto"])
def test_a_threshold_that_partitions_it_stays(value: Any) -> None:
    zero = {"stage": 3, "stage3_param_persistence_threshold": value}
    draft = drafted(zero)
    follow(draft, SMALL, 3)
    assert zero_of(draft) == zero


def test_the_default_threshold_is_too_high_for_a_very_small_model() -> None:
    draft = drafted({"stage": 3})
    follow(draft, model_size(SmokeRequest(hidden=64), "cpu"), 3)
    assert zero_of(draft)["stage3_param_persistence_threshold"] == 640


def test_swap_buffers_shrink() -> None:
    draft = drafted({"stage": 3, "offload_param": {"device": "nvme", "buffer_size": 3e8}})
    follow(draft, SMALL, 3)
    assert zero_of(draft)["offload_param"]["buffer_size"] == 10_000_000


def test_swap_files_get_a_folder_that_can_be_removed() -> None:
    nvme = {"device": "nvme", "nvme_path": "/local_nvme"}
    draft = drafted({"stage": 3, "offload_param": dict(nvme), "offload_optimizer": dict(nvme)})
    swap_apart(draft)
    (folder,) = draft.scratch
    assert folder.startswith("/local_nvme/dsdoctor-smoke-")
    assert {
        zero_of(draft)[name]["nvme_path"] for name in ("offload_param", "offload_optimizer")
    } == {folder}


@pytest.mark.parametrize(
    "block",
    [
        {"device": "nvme"},
        {"device": "cpu", "nvme_path": "/x"},
        {"device": "nvme", "nvme_path": None},
    ],
)
def test_a_missing_path_stays_missing(block: dict[str, Any]) -> None:
    draft = drafted({"stage": 3, "offload_optimizer": dict(block)})
    swap_apart(draft)
    assert zero_of(draft)["offload_optimizer"] == block
    assert draft.scratch == []


def model(folder: Path, **config: Any) -> SmokeRequest:
    (folder / "config.json").write_text(json.dumps(config))
    return SmokeRequest(model_directory=folder)


def test_sizes_of_a_model(tmp_path: Path) -> None:
    request = model(
        tmp_path,
        hidden_size=4096,
        num_hidden_layers=32,
        vocab_size=32000,
        num_attention_heads=32,
        max_position_embeddings=256,
    )
    size = model_size(request, "cuda")
    assert (size.layers, size.hidden, size.sequence, size.vocabulary) == (32, 4096, 256, 32000)
    assert size.directory == str(tmp_path)


def test_sizes_of_the_text_part_of_a_model(tmp_path: Path) -> None:
    request = model(tmp_path, text_config={"hidden_size": 64, "vocab_size": 100})
    assert model_size(request, "cuda").vocabulary == 100


@pytest.mark.parametrize(
    ("content", "message"), [(None, "no readable"), ("{", "not JSON"), ("[]", "not a Hugging")]
)
def test_a_directory_without_a_model(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(UsageError, match=message):
        model_size(SmokeRequest(model_directory=tmp_path), "cuda")
