"""The pieces of a schema: one key, one block of keys, what builds an optimizer or a scheduler."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Choice = str | int


class Key(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One key of a block.

    ``type`` is bool, int, float, string, path, choice, list, object (any mapping), block (a mapping
    with a ``Block`` of its own), any, null, nothing (no JSON value is accepted), or two of them:
    ``auto|int``, ``auto|float``, ``auto|list``, ``string|int``.

    ``checked`` is the generation of pydantic that checks the value, 0 where none does. There
    ``refuses`` names the kinds of value that stop DeepSpeed from reading the file: null, true,
    false, int, zero, negative, whole (2.0), float, string, list, numbers (a list with anything but
    strings in it), object. Other wrong values are kept, and fail or mislead later.
    """

    name: str
    type: str
    default: Any = None
    nullable: bool = False
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    below: float | None = None
    choices: tuple[Choice, ...] = ()
    fold_case: bool = False
    items: str | tuple[Choice, ...] = "any"
    rule: str = ""
    checked: int = 0
    refuses: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    deprecated: bool = False
    replaced_by: tuple[str, ...] = ()
    becomes: dict[str, Any] | None = None
    has_effect: bool = True


class Block(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of one mapping.

    ``parser`` says what becomes of an unknown key: ``forbid`` raises, ``ignore`` loses it without a
    word, ``open`` hands it on. ``drops_auto``: a value ``"auto"`` counts as absent. ``validators``
    are DeepSpeed's names of the checks that look at several keys at once.
    """

    parser: Literal["forbid", "ignore", "open"]
    keys: tuple[Key, ...]
    model: str = ""
    drops_auto: bool = False
    validators: tuple[str, ...] = ()

    def find(self, name: str) -> Key | None:
        """The key with this name or alias."""
        for key in self.keys:
            if key.name == name or name in key.aliases:
                return key
        return None

    @property
    def names(self) -> tuple[str, ...]:
        """Every accepted spelling."""
        return tuple(name for key in self.keys for name in (key.name, *key.aliases))


class Built(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A constructor: the parameters that it accepts, with their defaults."""

    class_: str = msgspec.field(name="class")
    params: dict[str, Any]
    required: tuple[str, ...] = ()

    @property
    def accepted(self) -> frozenset[str]:
        """Every parameter that the configuration may give."""
        return frozenset((*self.params, *self.required))


class Optimizer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value of ``optimizer.type``.

    ``builds`` has the class for ``default`` and, where it is another, for ``offload`` (it runs on
    the CPU) and ``torch_adam``. Empty where a package outside DeepSpeed decides. ``takes``
    are parameters that DeepSpeed itself uses up.
    """

    any_case: bool
    builds: dict[str, Built] = {}
    takes: tuple[str, ...] = ()

    def accepted(self, use: str = "default") -> frozenset[str] | None:
        """Every name that ``optimizer.params`` may have; None where nobody can tell."""
        built = self.builds.get(use) or self.builds.get("default")
        return None if built is None else built.accepted | frozenset(self.takes)


Scheduler = Built
"""A value of ``scheduler.type``: always the exact spelling."""
