"""Which optimizer DeepSpeed makes of the configuration, and what its params are.

Read from deepspeed 0.19.8 runtime/engine.py: _configure_basic_optimizer,
get_optimizer_configuration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dsdoctor.job.gap import MISSING, UNKNOWN
from dsdoctor.job.place import Path, Setting
from dsdoctor.job.resolve import offload_device, value
from dsdoctor.job.schema.keys import Built, Optimizer
from dsdoctor.job.spec import JobSpec

TYPE: Path = ("optimizer", "type")
PARAMS: Path = ("optimizer", "params")
PRETTY: Mapping[str, str] = {
    "adam": "Adam",
    "adamw": "AdamW",
    "adagrad": "Adagrad",
    "lamb": "Lamb",
    "lion": "Lion",
    "muon": "Muon",
    "muadam": "MuAdam",
    "muadamw": "MuAdamW",
    "musgd": "MuSGD",
    "onebitadam": "OneBitAdam",
    "onebitlamb": "OneBitLamb",
    "zerooneadam": "ZeroOneAdam",
}
"""DeepSpeed's own optimizers as people write them; any case will do."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The configured optimizer: its name in lower case if it is DeepSpeed's, and how it is built.

    ``use`` is ``default``, ``offload``, ``torch_adam``, or ``""`` where nobody can tell.
    """

    name: str
    optimizer: Optimizer
    use: str

    @property
    def built(self) -> Built | None:
        """The constructor; None where another package has it, or the choice is open."""
        builds = self.optimizer.builds
        return builds.get(self.use) or (builds.get("default") if self.use else None)

    @property
    def class_name(self) -> str:
        """The bare name of the class."""
        return self.built.class_.rpartition(".")[2] if self.built else self.name

    @property
    def is_torch(self) -> bool:
        """Torch checks what it is given; DeepSpeed's classes take anything."""
        return self.built is not None and self.built.class_.startswith("torch.")


def chosen(spec: JobSpec) -> Chosen | None:
    """The optimizer that ``optimizer.type`` names, if this DeepSpeed knows it."""
    kind = spec.raw(TYPE)
    found = spec.schema.optimizer(kind) if isinstance(kind, str) else None
    if found is None or not isinstance(kind, str):
        return None
    name = kind.lower() if found.any_case else kind
    return Chosen(name, found, _use(spec, found))


def _use(spec: JobSpec, optimizer: Optimizer) -> str:
    if "torch_adam" in optimizer.builds and spec.raw((*PARAMS, "torch_adam")) not in OFF:
        return "torch_adam"
    device = offload_device(spec, "optimizer")
    if "offload" not in optimizer.builds:
        return "default"
    if device is UNKNOWN:
        return ""
    return "offload" if device in ("cpu", "nvme") else "default"


OFF: tuple[Any, ...] = (MISSING, None, False, 0, "")
"""What Python takes for false."""


def written_params(spec: JobSpec, block: str = "optimizer") -> Iterator[Setting]:
    """The params of ``optimizer`` or ``scheduler`` that stand in the file, none of them "auto"."""
    params = spec.raw((block, "params"))
    for name in params if isinstance(params, Mapping) else ():
        setting = spec.setting((block, "params", name))
        if setting and setting.value != "auto":
            yield setting


def number_at(spec: JobSpec, *path: str) -> float | None:
    """The number that DeepSpeed will see there; None for anything else."""
    found = value(spec, path)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        return None
    return found


def found(spec: JobSpec, *paths: Path) -> tuple[Setting, ...]:
    """Those of the keys that are written."""
    return tuple(setting for path in paths if (setting := spec.setting(path)))
