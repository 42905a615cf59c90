"""Finds the few lines of a block that may hold anything to replace, and which detectors to ask.

Nearly every line of a log holds nothing. One pass of an automaton over the block, one more over
the block's shape (for addresses, which have no literal of their own) and one pattern for random
values tell which lines are looked at again.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from functools import cache

from ahocorasick_rs import BytesAhoCorasick

from dsdoctor.redact import assignments, hosts, private_keys, random_values, users, world
from dsdoctor.redact.tokens import HEADERS, TOKENS

Step = tuple[str, int]
"""A part of the work on a line: the name of a step, and the index of a detector in it."""

_HEX = bytes(
    ord("h") if chr(i) in "0123456789abcdefABCDEF" else (ord(":") if i == ord(":") else ord("x"))
    for i in range(256)
)
_COLONS = [
    b":" + b":".join(b"h" * n for n in groups) + b":"
    for groups in itertools.product(range(1, 5), repeat=3)
]


def _anchors() -> dict[bytes, set[Step]]:
    """Every literal with the steps that it calls for."""
    table: dict[bytes, set[Step]] = {}

    def add(words: Iterable[bytes], step: Step) -> None:
        for word in words:
            table.setdefault(word, set()).add(step)

    for index, item in enumerate(TOKENS):
        add(item.anchors, ("token", index))
    for index, item in enumerate(HEADERS):
        add(item.anchors, ("header", index))
    for index, (words, _, _) in enumerate(hosts.CONTEXTS):
        add((word.encode() for word in words), ("host", index))
    for text, name in _SINGLE.items():
        add(text, (name, 0))
    return table


_SINGLE: Mapping[tuple[bytes, ...], str] = {
    (private_keys.ANCHOR,): "private-key",
    tuple(assignments.ANCHORS.encode().split()): "assignment",
    tuple(users.PATH_ANCHORS.encode().split()): "home",
    tuple(users.ANCHORS.encode().split(b" ")): "user",
    tuple(hosts.FQDN_ANCHORS.encode().split()): "domain",
    (b"ssh", b"scp", b"rsync", b"sftp", b"permission denied", b"pdsh"): "ssh",
    (world.ANCHOR,): "world",
    tuple(b".%d." % number for number in range(256)): "ipv4",
    (b"::",): "ipv6",
    (b"gpu-", b"mig-", b"serial number"): "gpu",
    (b"@",): "email",
    (b"node-", b"user-", b"email-", b"ip-", b"mac-", b"gpu-uuid-", b"serial-"): "reserved",
}


@cache
def _automata() -> tuple[BytesAhoCorasick, tuple[frozenset[Step], ...], BytesAhoCorasick]:
    table = _anchors()
    literals = BytesAhoCorasick(list(table))
    return literals, tuple(map(frozenset, table.values())), BytesAhoCorasick(_COLONS)


_RANDOM: frozenset[Step] = frozenset({("random", 0)})
_ADDRESS: frozenset[Step] = frozenset({("ipv6", 0)})


def suspects(block: bytes) -> dict[int, set[Step]]:
    """The offsets of the lines to look at, each with its steps, in ascending order."""
    literals, steps, shapes = _automata()
    found: dict[int, set[Step]] = {}

    def add(offset: int, wanted: frozenset[Step]) -> None:
        start = block.rfind(b"\n", 0, offset) + 1
        known = found.get(start)
        if known is None:
            found[start] = set(wanted)
        else:
            known |= wanted

    for anchor, offset, _ in literals.find_matches_as_indexes(block.lower(), overlapping=True):
        add(offset, steps[anchor])
    if block.count(b":") > 3:
        for _, offset, _ in shapes.find_matches_as_indexes(block.translate(_HEX)):
            add(offset, _ADDRESS)
    for match in random_values.PREFILTER.finditer(block):
        add(match.start(), _RANDOM)
    return dict(sorted(found.items()))
