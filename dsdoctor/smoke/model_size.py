"""The sizes of the model that is trained."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelSize:
    """The built-in GPT's sizes; with ``directory`` those of the model that its config.json tells
    of, as far as it states them.
    """

    layers: int
    hidden: int
    heads: int
    sequence: int
    vocabulary: int
    directory: str | None = None

    @property
    def words(self) -> str:
        """``2 layers, hidden 256, sequence 128``."""
        return f"{self.layers} layers, hidden {self.hidden}, sequence {self.sequence}"
