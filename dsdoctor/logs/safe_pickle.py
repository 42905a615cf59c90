"""Reads pickles of plain data, and refuses everything else.

A pickle is a program. This is a machine that knows only the opcodes that build containers, text,
numbers, booleans and None: none of them can name, import or call anything. See docs/adr/0007.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from dsdoctor.errors import SourceError

MAX_BYTES = 64 * 1024 * 1024
MAX_OPCODES = 2_200_000
"""A dump of 2,000 collectives, torch's default, takes some 200,000; memory follows from it."""
MAX_MARKS = 64
MAX_DEPTH = 24
NEWEST_PROTOCOL = 5

_STOP = ord(".")


class UnsafePickleError(SourceError):
    """The file is no pickle of plain data."""


class _RefusedError(Exception):
    """Why the machine stopped."""


def load_plain(data: bytes, name: str) -> object:
    """The value that a pickle of protocol 2 to 5 describes.

    Args:
        data: the pickle.
        name: the file, for the error.

    Raises:
        UnsafePickleError: it is cut, damaged, too large, or asks for more than plain data.
    """
    machine = _Machine(data)
    try:
        return _shallow(machine.run())
    except _RefusedError as error:
        raise UnsafePickleError(str(error), location=name) from None
    except (IndexError, KeyError, TypeError, ValueError, struct.error):
        where = "ends in the middle" if machine.at_end else f"is damaged at byte {machine.position}"
        raise UnsafePickleError(f"the pickle {where}", location=name) from None


class _Machine:
    """The stack machine. ``marks`` holds the stacks that an open container has put aside."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0
        self.stack: list[object] = []
        self.marks: list[list[object]] = []
        self.memo: dict[int, object] = {}

    @property
    def at_end(self) -> bool:
        return self.position >= len(self._data)

    def run(self) -> object:
        """Carry out the opcodes up to STOP."""
        if len(self._data) > MAX_BYTES:
            raise _RefusedError(f"the pickle is larger than {MAX_BYTES >> 20} MiB")
        if not b"\x80\x02" <= self._data[:2] <= bytes((0x80, NEWEST_PROTOCOL)):
            raise _RefusedError(f"it is no pickle of protocol 2 to {NEWEST_PROTOCOL}")
        self.position = 2
        for _ in range(MAX_OPCODES):
            opcode = self.byte()
            if opcode == _STOP:
                return self._result()
            if (carry_out := _OPCODES.get(opcode)) is None:
                raise _RefusedError(_unwanted(opcode, self.position - 1))
            carry_out(self)
        raise _RefusedError(f"the pickle has more than {MAX_OPCODES:,} opcodes")

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes; a claim beyond the end of the file is refused at once."""
        start = self.position
        if size > len(self._data) - start:
            self.position = len(self._data)
            raise IndexError
        self.position = start + size
        return self._data[start : self.position]

    def byte(self) -> int:
        """The next byte. Most opcodes need no more, so this is short."""
        value = self._data[self.position]
        self.position += 1
        return value

    def number(self, size: int) -> int:
        """An unsigned little-endian number of ``size`` bytes."""
        return int.from_bytes(self.take(size), "little")

    def push(self, value: object) -> None:
        self.stack.append(value)

    def mark(self) -> None:
        """Put the stack aside: what follows goes into a container."""
        if len(self.marks) >= MAX_MARKS:
            raise _RefusedError(f"the pickle is nested more than {MAX_MARKS} deep")
        self.marks.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[object]:
        """What was pushed since the last mark, and back to the stack before it."""
        items, self.stack = self.stack, self.marks.pop()
        return items

    def remember(self, index: int) -> None:
        self.memo[index] = self.stack[-1]

    def _result(self) -> object:
        (value,) = self.stack
        return value


def _append(machine: _Machine, items: list[object]) -> None:
    """Add to the list on top of the stack."""
    top = machine.stack[-1]
    if type(top) is not list:
        raise TypeError
    top.extend(items)


def _set(machine: _Machine, items: list[object]) -> None:
    """Add keys and values to the dict on top of the stack.

    Only text is a key: its hash is random, where numbers and nested tuples can be made to
    collide or to take for ever.
    """
    top = machine.stack[-1]
    if type(top) is not dict or len(items) % 2:
        raise TypeError
    for key, value in zip(items[::2], items[1::2], strict=True):
        if type(key) is not str:
            raise _RefusedError("the pickle has a key that is not text")
        top[key] = value


def _last(machine: _Machine, count: int) -> list[object]:
    """Take the last ``count`` values off the stack."""
    if len(machine.stack) < count:
        raise IndexError
    items = machine.stack[-count:]
    del machine.stack[-count:]
    return items


def _frame(machine: _Machine) -> None:
    """FRAME: how much to read ahead, which does not matter here."""
    machine.take(8)


def _pop(machine: _Machine) -> None:
    machine.stack.pop()


def _text(machine: _Machine, size: int) -> None:
    machine.push(machine.take(machine.number(size)).decode("utf-8", "replace"))


def _bytes(machine: _Machine, size: int) -> None:
    machine.push(machine.take(machine.number(size)))


def _signed(machine: _Machine, size: int) -> None:
    machine.push(int.from_bytes(machine.take(size), "little", signed=True))


def _push(value: object) -> Callable[[_Machine], None]:
    return lambda machine: machine.stack.append(value)


def _tuple(count: int) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(tuple(_last(machine, count)))


_OPCODES: dict[int, Callable[[_Machine], None]] = {
    0x95: _frame,
    ord("("): _Machine.mark,
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


def _unwanted(opcode: int, position: int) -> str:
    """Say what a pickle asked for that plain data never needs."""
    import pickletools  # for the name alone, so only where one is refused

    names = {op.code: op.name for op in pickletools.opcodes}
    name = names.get(chr(opcode), f"0x{opcode:02x}")
    return f"the pickle holds more than plain data (opcode {name} at byte {position}); not loaded"


def _shallow(value: object) -> object:
    """The value, if it is nested no deeper than ``MAX_DEPTH``. Shared parts are visited once."""
    level, seen = [value], set[int]()
    for _ in range(MAX_DEPTH):
        level = list(_unseen((part for item in level for part in _parts(item)), seen))
        if not level:
            return value
    raise _RefusedError(f"the data is nested more than {MAX_DEPTH} deep")


def _unseen(values: Iterable[object], seen: set[int]) -> Iterator[object]:
    """The containers among ``values`` that were not met before."""
    for value in values:
        if isinstance(value, (list, tuple, dict)) and id(value) not in seen:
            seen.add(id(value))
            yield value


def _parts(item: object) -> list[object]:
    """What a container holds."""
    if isinstance(item, dict):
        return list(item.values())
    return list(item) if isinstance(item, (list, tuple)) else []
