"""The known keys of a configuration, each as it was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dsdoctor.job.filling import fills
from dsdoctor.job.place import Path, Setting, dotted
from dsdoctor.job.resolve import stage
from dsdoctor.job.schema.keys import Block, Key
from dsdoctor.job.spec import JobSpec


@dataclass(frozen=True, slots=True)
class Written:
    """A known key with the value that stands there. ``known`` is its documented way."""

    path: Path
    known: Path
    key: Key
    block: Block
    value: Any
    setting: Setting

    @property
    def name(self) -> str:
        """The dotted key as the user spelt it."""
        return dotted(self.path)

    @property
    def is_block(self) -> bool:
        """Does a mapping with keys of its own belong here?"""
        return self.key.type == "block"


def written_keys(spec: JobSpec) -> Iterator[Written]:
    """Every known key whose value DeepSpeed will read as it stands, outermost first.

    ``"auto"`` is left out: it is filled in, dropped, or a problem of its own.
    """
    for item in _below(spec, (), spec.config.data):
        if item.value != "auto" or not _replaced(spec, item):
            yield item


def _replaced(spec: JobSpec, item: Written) -> bool:
    if item.block.drops_auto or fills(spec.filler, item.known, stage(spec)):
        return True
    return not item.key.checked and not item.is_block


def _below(spec: JobSpec, base: Path, data: Mapping[str, Any]) -> Iterator[Written]:
    block = spec.schema.block(base)
    if block is None:
        return
    for name, value in data.items():
        key, path = block.find(name), (*base, name)
        if key is None or _is_shadowed(path, data):
            continue
        place = Setting(dotted(path), value, spec.place(path))
        yield Written(path, spec.schema.canonical(path), key, block, value, place)
        if isinstance(value, Mapping) and key.type == "block":
            yield from _below(spec, path, value)


def _is_shadowed(path: Path, data: Mapping[str, Any]) -> bool:
    """``bfloat16`` is not looked at beside ``bf16``."""
    return path == ("bfloat16",) and data.get("bf16") is not None
