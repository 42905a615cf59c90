"""The restricted unpickler: bytes as they are, and streams of opcodes with right arguments."""

from __future__ import annotations

import io
import pickle
import pickletools
import struct
from collections.abc import Iterator
from typing import NoReturn

from dsdoctor.logs.flight_recorder import MAX_ENTRIES, _dump
from dsdoctor.logs.safe_pickle import load_plain
from tests.fuzz.choices import Choices
from tests.fuzz.readers.common import ROOT, files
from tests.fuzz.target import Target

PLAIN = (list, dict, tuple, str, bytes, int, float, bool, type(None))
CODES = tuple(op.code.encode("latin-1") for op in pickletools.opcodes)
BUILDING = (
    b"(", b"0", b"N", b"\x88", b"\x89", b"]", b"}", b")", b"a", b"e", b"s", b"u", b"t", b"\x85",
    b"\x86", b"\x87", b"\x94", b"2", b"1", b"K\x01", b"M\x01\x00", b"J\0\0\0\0",
)  # fmt: skip
KEYS = (b"entries", b"version", b"pg_config", b"profiling_name", b"frames", b"nccl:all_reduce")


def run(data: bytes) -> None:
    """Load it; only plain data comes out, the same that Python would make of it."""
    stream = data[1:] if data[:1] == b"\0" else _written(Choices(data[1:]))
    value = load_plain(stream, "fr_0")
    assert type(value) in PLAIN, type(value)
    if b"r" not in stream:  # Python makes room for the memo at whatever number
        assert _agrees(value, stream), "not what pickle reads"
    _dump(value, "fr_0", 0, MAX_ENTRIES)


class _Plain(pickle.Unpickler):
    """Python's own reader, without the means to call anything."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"{module}.{name}")


def _agrees(ours: object, stream: bytes) -> bool:
    """Does Python read the same, where it reads it at all?

    We are laxer with frames and with text that is no UTF-8; what contains itself has no ``repr``.
    """
    try:
        theirs = _Plain(io.BytesIO(stream)).load()
        return repr(ours) == repr(theirs)
    except (pickle.UnpicklingError, ValueError, OverflowError, EOFError, RecursionError):
        return True


def _written(choices: Choices) -> bytes:
    """A pickle whose every opcode is complete."""
    parts = [b"\x80" + bytes([2 + choices.number(4)])]
    while choices:
        parts.append(_opcode(choices))
    return b"".join(parts) + b"."


def _opcode(choices: Choices) -> bytes:
    how = choices.number(16)
    if how < 8:
        return choices.pick(BUILDING)
    if how < 11:
        text = choices.pick(KEYS)
        return (
            choices.pick((b"\x8c" + bytes([len(text)]), b"X" + struct.pack("<I", len(text)))) + text
        )
    if how == 11:
        text = choices.take(choices.number(8))
        return b"C" + bytes([len(text)]) + text
    if how == 12:
        return choices.pick((b"h", b"q")) + bytes([choices.number(8)])
    if how == 13:
        return b"\x8a" + bytes([choices.number(9)]) + choices.take(8)
    if how == 14:
        return b"G" + choices.take(8).ljust(8, b"\0")
    return choices.pick(CODES) + choices.take(choices.number(9))


def seeds() -> Iterator[bytes]:
    """Small dumps of all protocols, and the heads of real ones."""
    small = {"version": "2.4", "entries": [{"profiling_name": "nccl:all_reduce", "seq_id": 1}] * 2}
    for protocol in range(2, 6):
        yield b"\0" + pickle.dumps(small, protocol)
    for data in files("**/fr_*", below=ROOT / "fixtures/cases", most=6):
        yield b"\0" + data[:900]


TARGET = Target("pickle", run, seeds, lambda: ["entries", "profiling_name", "\x80\x04\x95"], 1024)
