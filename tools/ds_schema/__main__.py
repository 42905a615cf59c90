"""Usage: ``DS_ACCELERATOR=cpu python -m tools.ds_schema [FOLDER]``, with DeepSpeed installed."""

from __future__ import annotations

import json
import logging
import re
import sys
from pathlib import Path
from typing import Any

import deepspeed
import pydantic
import torch
from deepspeed.runtime import config
from deepspeed.runtime.config import DeepSpeedConfig

from tools.ds_schema import facts
from tools.ds_schema.blocks import pipeline_defaults, plain_blocks, read_later
from tools.ds_schema.makers import optimizers, schedulers
from tools.ds_schema.models import Blocks, ProblemError, model_blocks
from tools.ds_schema.probes import is_strict, refusal
from tools.ds_schema.recorder import Seen, explore, record

FOLDER = Path(__file__).parents[2] / "dsdoctor" / "job" / "schema"


def schema() -> dict[str, Any]:
    """Everything that is known about the installed version."""
    models = model_blocks()
    removed = removed_keys()
    seen = keys_read(models, removed)
    blocks = plain_blocks(DeepSpeedConfig, seen, models) | models
    _add_aliases(blocks)
    _check(blocks)
    versions = {"pydantic": pydantic.VERSION, "torch": torch.__version__.partition("+")[0]}
    return {
        "blocks": dict(sorted(blocks.items())),
        "deepspeed": deepspeed.__version__,
        "optimizers": optimizers(),
        "removed": removed,
        "schedulers": schedulers(),
        "written_with": versions,
    }


def removed_keys() -> dict[str, Any]:
    """Keys that stop the job by merely being there, with where the setting is found now."""
    top = getattr(config, "_REMOVED_TOP_LEVEL_CONFIG_KEYS", {})
    zero = getattr(config, "_REMOVED_ZERO_CONFIG_KEYS", {})
    paths = [*top, *(f"zero_optimization.{name}" for name in zero)]
    for path in paths:
        if not (refusal(DeepSpeedConfig, path, {"enabled": False})):
            raise ProblemError(f"{path} is said to be removed, and accepted")
    return {path: facts.REPLACED_BY.get(path, []) for path in sorted(paths)}


def keys_read(models: Blocks, removed: dict[str, Any]) -> Seen:
    """Every key that is read outside the models, with its default."""
    readers = [p for p in models if "." not in p or p.rpartition(".")[0] not in models]
    skip = {*facts.OPEN, *readers, *removed}
    seen = explore(DeepSpeedConfig, skip - {"zero_optimization"})
    seen |= record(DeepSpeedConfig, facts.SCENARIOS) | pipeline_defaults() | read_later()
    old = {name for names in facts.ALIASES.values() for name in names}
    return {
        path: default
        for path, default in seen.items()
        if path not in removed
        and path.partition(".")[0] not in old
        and path.rpartition(".")[0] not in models
    }


def _add_aliases(blocks: Blocks) -> None:
    for key in blocks[""]["keys"]:
        if key["name"] in facts.ALIASES:
            key["aliases"] = facts.ALIASES[key["name"]]


def _check(blocks: Blocks) -> None:
    """Compare what was found with how this version behaves, and with the facts."""
    names = {f"{path}.{key['name']}".lstrip(".") for path, b in blocks.items() for key in b["keys"]}
    for path, block in blocks.items():
        top = path.partition(".")[0]
        if path and path in names and top not in facts.OPEN:
            strict = block["parser"] == "forbid"
            if strict is not is_strict(DeepSpeedConfig, path):
                raise ProblemError(f"an unknown key in {path}: expected {block['parser']}")
    missing = set(read_later()) - names
    if missing:
        raise ProblemError(f"not found: {sorted(missing)}")


def main() -> None:
    """Write the file of the installed version's minor line."""
    logging.disable(logging.CRITICAL)
    line = re.match(r"\d+\.\d+", deepspeed.__version__)
    if line is None:
        raise ProblemError(f"what version is {deepspeed.__version__}?")
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    text = json.dumps(schema(), indent=1, sort_keys=True) + "\n"
    text = re.sub(r"\[[^][{}]+\]", lambda found: " ".join(found[0].split()), text)
    path = folder / f"deepspeed-{line[0]}.json"
    path.write_text(text)
    print(path, len(text))


if __name__ == "__main__":
    main()
