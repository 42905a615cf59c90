"""Reads pickles of plain data, and refuses everything else.

A pickle is a program. It is carried out with only the opcodes that build containers, text, numbers,
booleans and None: none of them can name, import or call anything. See docs/adr/0007.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from dsdoctor.errors import SourceError
from dsdoctor.logs.pickle_machine import Machine, RefusedError
from dsdoctor.logs.pickle_opcodes import OPCODES, unwanted

MAX_BYTES = 64 * 1024 * 1024
MAX_OPCODES = 2_200_000
"""A dump of 2,000 collectives, torch's default, takes some 200,000; memory follows from it."""
MAX_DEPTH = 24
NEWEST_PROTOCOL = 5

_STOP = ord(".")


class UnsafePickleError(SourceError):
    """The file is no pickle of plain data."""


def load_plain(data: bytes, name: str) -> object:
    """The value that a pickle of protocol 2 to 5 describes.

    Args:
        data: the pickle.
        name: the file, for the error.

    Raises:
        UnsafePickleError: it is cut, damaged, too large, or asks for more than plain data.
    """
    machine = Machine(data)
    try:
        return _shallow(_carried_out(machine, data))
    except RefusedError as error:
        raise UnsafePickleError(str(error), location=name) from None
    except (IndexError, KeyError, TypeError, ValueError, struct.error):
        where = "ends in the middle" if machine.at_end else f"is damaged at byte {machine.position}"
        raise UnsafePickleError(f"the pickle {where}", location=name) from None


def _carried_out(machine: Machine, data: bytes) -> object:
    """Carry out the opcodes up to STOP."""
    if len(data) > MAX_BYTES:
        raise RefusedError(f"the pickle is larger than {MAX_BYTES >> 20} MiB")
    if not b"\x80\x02" <= data[:2] <= bytes((0x80, NEWEST_PROTOCOL)):
        raise RefusedError(f"it is no pickle of protocol 2 to {NEWEST_PROTOCOL}")
    machine.position = 2
    for _ in range(MAX_OPCODES):
        opcode = machine.byte()
        if opcode == _STOP:
            (value,) = machine.stack
            return value
        if (carry_out := OPCODES.get(opcode)) is None:
            raise RefusedError(unwanted(opcode, machine.position - 1))
        carry_out(machine)
    raise RefusedError(f"the pickle has more than {MAX_OPCODES:,} opcodes")


def _shallow(value: object) -> object:
    """The value, if it is nested no deeper than ``MAX_DEPTH``. Shared parts are visited once."""
    level, seen = [value], set[int]()
    for _ in range(MAX_DEPTH):
        level = list(_unseen((part for item in level for part in _parts(item)), seen))
        if not level:
            return value
    raise RefusedError(f"the data is nested more than {MAX_DEPTH} deep")


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
