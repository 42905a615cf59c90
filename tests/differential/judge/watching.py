"""Watches which keys of zero_optimization DeepSpeed reads, from initialize to a saved checkpoint.

A key that nobody reads has no effect, whatever the configuration object holds.
"""

from __future__ import annotations

import contextlib
from typing import Any

from tests.differential.judge.apart import apart
from tests.differential.judge.reading import Reading
from tests.differential.judge.training import favoured, go, start

BLOCK = "zero_optimization"


def unread(reading: Reading, world: int, way: list[str]) -> bool:
    """Is the key at the end of ``way``, or a block on it, never read by a job that trains?"""
    if way[0] != BLOCK or len(way) < 2:
        return False
    answer = apart(lambda: {"read": " ".join(_read(reading, world))})
    return "read" in answer and field(way[1]) not in answer["read"].split()


def field(name: str) -> str:
    """The attribute that a key becomes: an alias is not its name."""
    from deepspeed.runtime.zero.config import DeepSpeedZeroConfig as Model

    fields = getattr(Model, "model_fields", None) or Model.__fields__
    return next((own for own, info in fields.items() if info.alias == name), name)


def _read(reading: Reading, world: int) -> list[str]:
    """Every attribute of the ZeRO configuration that was read after it was made."""
    seen: set[str] = set()
    _watch(seen)
    engine = start(favoured(reading), world)
    go(engine)
    with contextlib.suppress(Exception):  # saving is no part of the question, reading is
        engine.save_checkpoint("checkpoint")
        engine.load_checkpoint("checkpoint")
    with contextlib.suppress(Exception):
        engine.save_16bit_model("model")
    return sorted(seen)


def _watch(seen: set[str]) -> None:
    """Note each attribute that is read, but for reading while the configuration is made."""
    from deepspeed.runtime.zero.config import DeepSpeedZeroConfig as Model

    make, read = Model.__init__, Model.__getattribute__
    making = [0]

    def made(self: Any, *arguments: Any, **named: Any) -> None:
        making[0] += 1
        make(self, *arguments, **named)
        making[0] -= 1

    def noted(self: Any, name: str) -> Any:
        if not making[0]:
            seen.add(name)
        return read(self, name)

    Model.__init__ = made
    Model.__getattribute__ = noted
