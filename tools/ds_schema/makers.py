"""Optimizers and schedulers: which types the configuration may name, and what each accepts."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import deepspeed
import torch

SOURCE = Path(deepspeed.__file__).parent
OWN = ("torch_adam", "adam_w_mode")

CLASSES: dict[str, dict[str, str]] = {
    "adagrad": {"default": "torch.optim.Adagrad", "offload": "ops/adagrad:DeepSpeedCPUAdagrad"},
    "adam": {
        "default": "ops/adam:FusedAdam",
        "offload": "ops/adam:DeepSpeedCPUAdam",
        "torch_adam": "torch.optim.AdamW",
    },
    "lamb": {"default": "ops/lamb:FusedLamb"},
    "lion": {"default": "ops/lion:FusedLion", "offload": "ops/lion:DeepSpeedCPULion"},
    "onebitadam": {"default": "runtime/fp16/onebit:OnebitAdam"},
    "onebitlamb": {"default": "runtime/fp16/onebit:OnebitLamb"},
    "zerooneadam": {"default": "runtime/fp16/onebit:ZeroOneAdam"},
}
CLASSES["adamw"] = CLASSES["adam"]
"""The class behind each name (``DeepSpeedEngine._configure_basic_optimizer``).

Missing here: muadam, muadamw and musgd, whose package ``mup`` decides, and muon.
"""

GIVEN = {"FusedAdam": {"adam_w_mode"}, "DeepSpeedCPUAdam": {"adamw_mode"}}
"""Arguments that DeepSpeed passes itself: a second one from the file is a TypeError."""

POSITIONAL = {"params", "model_params", "deepspeed", "self"}


def optimizers() -> dict[str, Any]:
    """Every type that the configuration may name; torch's own need the exact spelling."""
    from deepspeed.runtime.config import DEEPSPEED_OPTIMIZERS

    result = {name: _optimizer(name) for name in DEEPSPEED_OPTIMIZERS}
    base = torch.optim.Optimizer
    for name, cls in inspect.getmembers(torch.optim, inspect.isclass):
        if issubclass(cls, base) and cls is not base and name.lower() not in result:
            result[name] = {"any_case": False, "builds": {"default": _torch(cls)}}
    return result


def _optimizer(name: str) -> dict[str, Any]:
    made: dict[str, Any] = {"any_case": True, "builds": {}}
    for use, where in CLASSES.get(name, {}).items():
        made["builds"][use] = _built(where)
    if name == "muon":
        made["builds"]["default"] = {"class": "Muon", "params": _muon_keys()}
    if name in ("adam", "adamw", "muon"):
        made["takes"] = _taken(name)
    return made


def _engine() -> str:
    return (SOURCE / "runtime/engine.py").read_text()


def _taken(name: str) -> list[str]:
    """Parameters that the engine takes out before it calls the constructor."""
    has_states = "'fp32_optimizer_states', None" in _engine()
    if name == "muon" and not has_states:
        return []
    return sorted([*OWN, *(["fp32_optimizer_states"] if has_states else [])])


def _muon_keys() -> dict[str, Any]:
    """Keys of the parameter groups, all of them literals of the engine."""
    names = ("adam_lr", "betas", "eps", "lr", "momentum", "muon_lr", "ns_method", "weight_decay")
    found = {name for name in names if f'"{name}"' in _engine()}
    return dict.fromkeys(sorted(found))


def _built(where: str) -> dict[str, Any]:
    package, _, name = where.partition(":")
    if not name:
        return _torch(getattr(torch.optim, where.rpartition(".")[2]))
    for file in sorted((SOURCE / package).rglob("*.py")):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                module = ".".join(file.relative_to(SOURCE.parent).with_suffix("").parts)
                return {"class": f"{module}.{name}", "params": _arguments(node)}
    raise LookupError(f"{where} is not in this version")


def _arguments(node: ast.ClassDef) -> dict[str, Any]:
    """Arguments of the constructor, from its text: importing it might compile a kernel."""
    (init,) = (n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__")
    names = [argument.arg for argument in init.args.args]
    values = [_constant(value) for value in init.args.defaults]
    pairs = dict(zip(names[-len(values) :], values, strict=True))
    return {k: v for k, v in sorted(pairs.items()) if k not in GIVEN.get(node.name, ())}


def _constant(node: ast.expr) -> Any:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)
    return list(value) if isinstance(value, tuple) else value


def _torch(cls: type) -> dict[str, Any]:
    params, required = _signature(cls, POSITIONAL)
    made = {"class": f"torch.optim.{cls.__name__}", "params": params}
    return made | ({"required": required} if required else {})


def _signature(cls: type, without: set[str]) -> tuple[dict[str, Any], list[str]]:
    found = inspect.signature(cls.__init__).parameters.values()
    named = [p for p in found if p.name not in without and p.kind is not p.VAR_KEYWORD]
    params = {p.name: _json(p.default) for p in named if p.default is not p.empty}
    return dict(sorted(params.items())), sorted(p.name for p in named if p.default is p.empty)


def _json(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def schedulers() -> dict[str, Any]:
    """DeepSpeed's schedulers and torch's; every name needs the exact spelling."""
    from deepspeed.runtime import lr_schedules

    own = {name: getattr(lr_schedules, name) for name in lr_schedules.VALID_LR_SCHEDULES}
    torchs = inspect.getmembers(torch.optim.lr_scheduler, inspect.isclass)
    base = torch.optim.lr_scheduler.LRScheduler
    all_of = {n: c for n, c in torchs if issubclass(c, base) and c is not base and n[0] != "_"}
    return {name: _scheduler(cls) for name, cls in {**all_of, **own}.items()}


def _scheduler(cls: type) -> dict[str, Any]:
    params, required = _signature(cls, {"self", "optimizer"})
    of_torch = cls.__module__.startswith("torch.")
    where = "torch.optim.lr_scheduler" if of_torch else cls.__module__
    return {"class": f"{where}.{cls.__name__}", "params": params, "required": required}
