"""The opcodes of a pickle that build plain data. None of them can name, import or call anything."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial

from dsdoctor.logs.pickle_machine import Machine, RefusedError


def _append(machine: Machine, items: list[object]) -> None:
    """Add to the list on top of the stack."""
    top = machine.stack[-1]
    if type(top) is not list:
        raise TypeError
    top.extend(items)


def _set(machine: Machine, items: list[object]) -> None:
    """Add keys and values to the dict on top of the stack.

    Only text is a key: its hash is random, where numbers and nested tuples can be made to
    collide or to take for ever.
    """
    top = machine.stack[-1]
    if type(top) is not dict or len(items) % 2:
        raise TypeError
    for key, value in zip(items[::2], items[1::2], strict=True):
        if type(key) is not str:
            raise RefusedError("the pickle has a key that is not text")
        top[key] = value


def _last(machine: Machine, count: int) -> list[object]:
    """Take the last ``count`` values off the stack."""
    if len(machine.stack) < count:
        raise IndexError
    items = machine.stack[-count:]
    del machine.stack[-count:]
    return items


def _frame(machine: Machine) -> None:
    """FRAME: how much to read ahead, which does not matter here."""
    machine.take(8)


def _pop(machine: Machine) -> None:
    machine.stack.pop()


def _text(machine: Machine, size: int) -> None:
    machine.push(machine.take(machine.number(size)).decode("utf-8", "replace"))


def _bytes(machine: Machine, size: int) -> None:
    machine.push(machine.take(machine.number(size)))


def _signed(machine: Machine, size: int) -> None:
    machine.push(int.from_bytes(machine.take(size), "little", signed=True))


def _push(value: object) -> Callable[[Machine], None]:
    return lambda machine: machine.stack.append(value)


def _tuple(count: int) -> Callable[[Machine], None]:
    return lambda machine: machine.push(tuple(_last(machine, count)))


OPCODES: dict[int, Callable[[Machine], None]] = {
    0x95: _frame,
    ord("("): Machine.mark,
    ord("0"): _pop,
    ord("N"): _push(None),
    0x88: _push(True),
    0x89: _push(False),
    ord("J"): partial(_signed, size=4),
    ord("K"): lambda machine: machine.stack.append(machine.byte()),
    ord("M"): lambda machine: machine.push(machine.number(2)),
    0x8A: lambda machine: _signed(machine, machine.number(1)),
    ord("G"): lambda machine: machine.push(struct.unpack(">d", machine.take(8))[0]),
    0x8C: partial(_text, size=1),
    ord("X"): partial(_text, size=4),
    0x8D: partial(_text, size=8),
    ord("C"): partial(_bytes, size=1),
    ord("B"): partial(_bytes, size=4),
    0x8E: partial(_bytes, size=8),
    ord("]"): lambda machine: machine.push([]),
    ord("a"): lambda machine: _append(machine, _last(machine, 1)),
    ord("e"): lambda machine: _append(machine, machine.since_mark()),
    ord("}"): lambda machine: machine.push({}),
    ord("s"): lambda machine: _set(machine, _last(machine, 2)),
    ord("u"): lambda machine: _set(machine, machine.since_mark()),
    ord(")"): _push(()),
    ord("t"): lambda machine: machine.push(tuple(machine.since_mark())),
    0x85: _tuple(1),
    0x86: _tuple(2),
    0x87: _tuple(3),
    ord("q"): lambda machine: machine.remember(machine.number(1)),
    ord("r"): lambda machine: machine.remember(machine.number(4)),
    0x94: lambda machine: machine.remember(len(machine.memo)),
    ord("h"): lambda machine: machine.stack.append(machine.memo[machine.byte()]),
    ord("j"): lambda machine: machine.push(machine.memo[machine.number(4)]),
}


def unwanted(opcode: int, position: int) -> str:
    """Say what a pickle asked for that plain data never needs."""
    import pickletools  # for the name alone, so only where one is refused

    names = {op.code: op.name for op in pickletools.opcodes}
    name = names.get(chr(opcode), f"0x{opcode:02x}")
    return f"the pickle holds more than plain data (opcode {name} at byte {position}); not loaded"
