"""The pickle machine: plain data in any protocol, and nothing else."""

from __future__ import annotations

import os
import pickle
import random
import struct
import tracemalloc
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

from dsdoctor.logs import safe_pickle
from dsdoctor.logs.safe_pickle import UnsafePickleError, load_plain

REAL = Path(__file__).parent / "data" / "recorder"
PLAIN: dict[str, Any] = {
    "text": "naïve \N{SNOWMAN}",
    "bytes": b"\x00\xff",
    "numbers": [0, 1, -1, 255, 65536, -(2**31), 2**63, -(2**70), 1.5, float("inf")],
    "others": [None, True, False, (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], {}],
    "nested": {"a": [{"b": ([1, [2]], "c")}]},
    "long": ["x" * 300] * 300,
}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_reads_what_python_writes(protocol: int) -> None:
    plain = {key: value for key, value in PLAIN.items() if protocol > 2 or key != "bytes"}
    assert load_plain(pickle.dumps(plain, protocol), "fr_0") == plain


def test_shared_parts_stay_shared() -> None:
    part = ["frame"]
    loaded = load_plain(pickle.dumps({"a": part, "b": part}), "fr_0")
    assert isinstance(loaded, dict)
    assert loaded["a"] is loaded["b"]


@pytest.mark.parametrize("path", sorted(REAL.glob("*/fr_?")), ids=lambda path: path.parent.name)
def test_agrees_with_pickle_on_real_dumps(path: Path) -> None:
    data = path.read_bytes()
    assert load_plain(data, "fr_0") == pickle.loads(data)  # noqa: S301 - our own file


class Evil:
    """A pickle of this runs a command when it is loaded."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch /tmp/dsdoctor-was-here",)


def _claims(opcode: bytes, length: bytes) -> bytes:
    return b"\x80\x04" + opcode + length + b"abc."


LAUGHS = b"\x80\x02(X\x01\x00\x00\x00aq\x00" + b"".join(
    b"h%ch%c\x86q%c" % (index, index, index + 1) for index in range(60)
)
HOSTILE = {
    "os.system": (pickle.dumps(Evil()), "more than plain data"),
    "os.system, protocol 2": (pickle.dumps(Evil(), 2), "opcode GLOBAL"),
    "a class": (pickle.dumps(OrderedDict(a=1)), "more than plain data"),
    "a set": (pickle.dumps({1, 2}), "more than plain data"),
    "a bytearray of 1 TB": (_claims(b"\x96", struct.pack("<Q", 1 << 40)), "BYTEARRAY8"),
    "a persistent id": (b"\x80\x02Pabc\n.", "PERSID"),
    "an extension": (b"\x80\x02\x82\x01.", "EXT1"),
    "an opcode that is none": (b"\x80\x02\xff.", "0xff"),
    "a text of 4 GB": (_claims(b"X", b"\xff\xff\xff\xff"), "ends in the middle"),
    "a text of 2^63 bytes": (_claims(b"\x8d", struct.pack("<Q", 1 << 63)), "ends in the middle"),
    "a number as key": (pickle.dumps({7: 1}), "key that is not text"),
    "a tuple as key": (pickle.dumps({("a", "b"): 1}), "key that is not text"),
    "laughs as key": (b"\x80\x02}" + LAUGHS[2:] + b"tNs.", "key that is not text"),
    "deep lists": (b"\x80\x02" + b"]" * 5000 + b"a" * 4999 + b".", "nested more than"),
    "deep tuples": (b"\x80\x02)" + b"\x85" * 100_000 + b".", "nested more than"),
    "open marks": (b"\x80\x02" + b"(" * 1000 + b".", "nested more than"),
    "endless": (b"\x80\x02" + b"N0" * 2_000_000, "opcodes"),
    "appends to a text": (b"\x80\x02U\x01aNa.", "more than plain data"),
    "appends to None": (b"\x80\x02NNa.", "damaged"),
    "sets in a list": (b"\x80\x02]X\x01\x00\x00\x00aNs.", "damaged"),
    "a memo that is not there": (b"\x80\x02h\x07.", "damaged"),
    "a stack that is empty": (b"\x80\x02.", "ends in the middle"),
    "no mark": (b"\x80\x02]e.", "damaged"),
    "protocol 0": (b"(dp0\n.", "no pickle of protocol"),
    "protocol 9": (b"\x80\x09N.", "no pickle of protocol"),
    "one byte": (b"\x80", "no pickle of protocol"),
    "nothing": (b"", "no pickle of protocol"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_refuses(name: str) -> None:
    data, why = HOSTILE[name]
    with pytest.raises(UnsafePickleError, match=why) as caught:
        load_plain(data, "runs/fr_0")
    assert str(caught.value).startswith("runs/fr_0: ")
    assert "\n" not in str(caught.value)
    assert not Path("/tmp/dsdoctor-was-here").exists()  # noqa: S108


def test_laughs_cost_nothing() -> None:
    """Sixty doublings by reference are sixty small tuples; nobody writes them out."""
    loaded = load_plain(LAUGHS + b"t.", "fr_0")
    assert isinstance(loaded, tuple)
    assert len(loaded) == 61


def test_a_memo_index_of_4_billion_costs_nothing() -> None:
    data = b"\x80\x02Nr\xff\xff\xff\xff0j\xff\xff\xff\xff."
    tracemalloc.start()
    assert load_plain(data, "fr_0") is None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_a_list_in_itself_ends() -> None:
    loaded = load_plain(b"\x80\x02]q\x00h\x00a.", "fr_0")
    assert isinstance(loaded, list)
    assert loaded[0] is loaded


def test_the_size_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_pickle, "MAX_BYTES", 100)
    with pytest.raises(UnsafePickleError, match="larger than"):
        load_plain(pickle.dumps("x" * 200), "fr_0")


def test_every_cut_is_noticed() -> None:
    data = (REAL / "missing-rank" / "fr_1").read_bytes()
    for end in range(len(data)):
        with pytest.raises(UnsafePickleError):
            load_plain(data[:end], "fr_1")


def test_damage_never_escapes() -> None:
    """Whatever the bytes are: a value or the one error."""
    data = bytearray((REAL / "missing-rank" / "fr_1").read_bytes())
    chance = random.Random(7)  # noqa: S311
    refused = 0
    for _ in range(1500):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(2, len(data))] = chance.randrange(256)
        try:
            load_plain(bytes(damaged), "fr_1")
        except UnsafePickleError:
            refused += 1
    assert refused > 300
