"""Blocks that DeepSpeed reads as plain dictionaries, the top level among them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import deepspeed

from tools.ds_schema import facts
from tools.ds_schema.models import Blocks, ProblemError
from tools.ds_schema.probes import refusal, refused_kinds
from tools.ds_schema.recorder import ABSENT, Load, Seen

NAMES = {bool: "bool", dict: "block", float: "float", int: "int", list: "list", str: "string"}
SOURCE = Path(deepspeed.__file__).parent


def read_later() -> Seen:
    """Keys that other parts of DeepSpeed read, as far as this version has them."""
    files = {key: SOURCE / file for key, file in facts.READ_LATER.items()}
    return {key: ABSENT for key, file in files.items() if _mentions(file, key.rpartition(".")[2])}


def _mentions(file: Path, name: str) -> bool:
    text = file.read_text() if file.is_file() else ""
    return f'"{name}"' in text or f"'{name}'" in text


def pipeline_defaults() -> Seen:
    """The one block whose keys are not asked for but merged into a dictionary of defaults."""
    from deepspeed.runtime.config import get_pipeline_config

    return {f"pipeline.{key}": value for key, value in get_pipeline_config({}).items()}


def key_of(load: Load, path: str, default: Any, parents: set[str]) -> dict[str, Any]:
    """One key, from its default, the facts and what is refused."""
    if path in parents and path not in facts.TYPES:
        known: dict[str, Any] = {"type": "block"}
    else:
        known = dict(facts.TYPES.get(path, {}))
    known.setdefault("type", NAMES.get(type(default), ""))
    if not known["type"]:
        raise ProblemError(
            f"facts.py must tell the type of {path}: its default {default!r} does not"
        )
    if default is not ABSENT and default is not None and known["type"] != "block":
        known.setdefault("default", _spelt(default, known))
    if path in facts.REPLACED_BY:
        known["replaced_by"] = facts.REPLACED_BY[path]
    refused = refused_kinds(load, path)
    if known.get("nullable") and "null" in refused:
        raise ProblemError(f"{path}: null is refused")
    _check_choices(load, path, known, refused)
    return {"name": path.rpartition(".")[2], **known, **({"refuses": refused} if refused else {})}


def _spelt(default: Any, known: dict[str, Any]) -> Any:
    """The default in the spelling that the choices use."""
    same = [c for c in known.get("choices", ()) if str(c).lower() == str(default).lower()]
    return same[0] if same else default


def _check_choices(load: Load, path: str, known: dict[str, Any], refused: list[str]) -> None:
    choices = known.get("choices", ())
    for choice in choices:
        if error := refusal(load, path, choice):
            raise ProblemError(f"{path}: {choice!r} is refused: {error}")
    if "string" in refused and known.get("fold_case"):
        bad = [c for c in choices if refusal(load, path, c.swapcase())]
        if bad:
            raise ProblemError(f"{path}: the case of {bad} matters")


def plain_blocks(load: Load, seen: Seen, models: Blocks) -> Blocks:
    """All blocks that no model reads, by dotted path; the top level is ``""``."""
    parents = {key.rpartition(".")[0] for key in seen} | set(models) | _open_blocks(seen)
    result: Blocks = {
        path: {"parser": "open" if path in facts.OPEN else "ignore", "keys": []}
        for path in sorted(parents - set(models))
    }
    for path, default in sorted(seen.items()):
        block = path.rpartition(".")[0]
        if block in result:
            result[block]["keys"].append(key_of(load, path, default, parents))
    return result


def _open_blocks(seen: Seen) -> set[str]:
    return {path for path in facts.OPEN if path in seen}
