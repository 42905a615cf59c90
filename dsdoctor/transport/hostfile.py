"""Reads which hosts there are: a DeepSpeed host file, or the node list of a Slurm allocation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import product
from pathlib import Path

from dsdoctor.errors import UsageError

MAX_HOSTS = 16_384
MAX_HOSTFILE_BYTES = 1024 * 1024

_LINE = re.compile(r"^(?P<host>\S+)(?:\s+slots=\d+)?\s*(?:#.*)?$")
# launchers give a meaning to brackets, commas, @, ^, / and a dash in front
_HOST = re.compile(r"^[A-Za-z0-9_:][A-Za-z0-9._:-]{0,254}\Z")
_PART = re.compile(r"(?:[^,\[\]]|\[[^\[\]]*\])+")
_BRACKET = re.compile(r"\[([^\[\]]*)\]")
_RANGE = re.compile(r"^(\d{1,9})(?:-(\d{1,9}))?\Z")


def read_hostfile(path: Path) -> list[str]:
    """The hosts of a DeepSpeed host file, in its order.

    Raises:
        UsageError: it cannot be read, or a line is no host.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_HOSTFILE_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"the host file cannot be read: {error.strerror}", location=str(path)
        ) from None
    if len(data) > MAX_HOSTFILE_BYTES:
        raise UsageError("too large for a host file", location=str(path))
    return parse_hostfile(data.decode("utf-8", "replace"), str(path))


def parse_hostfile(text: str, name: str) -> list[str]:
    """The hosts in the text of a host file called ``name``: ``node-1 slots=8``, one a line."""
    found = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.match(line)
        if match is None:
            raise UsageError(
                "not a line of a host file", hint="node-1 slots=8", location=f"{name}:{number}"
            )
        found.append(checked_host(match["host"], f"{name}:{number}"))
    return unique(found, name)


def expand_node_list(text: str) -> list[str]:
    """The hosts of a Slurm node list such as ``gpu[001-003,7],login1``.

    Raises:
        UsageError: it is no such list, or stands for too many hosts.
    """
    parts = _PART.findall(text)
    if ",".join(parts) != text:
        raise UsageError("not a list of nodes", location=text[:80])
    found: list[str] = []
    for part in parts:
        choices, size = list[list[str]](), 1
        for index, piece in enumerate(_BRACKET.split(part)):
            choices.append(_numbers(piece) if index % 2 else [piece])
            size *= len(choices[-1])
            if len(found) + size > MAX_HOSTS:
                raise UsageError("too many hosts", location=text[:80])
        found += [checked_host("".join(names), text[:80]) for names in product(*choices)]
    return unique(found, "the node list")


def checked_host(name: str, location: str = "") -> str:
    """``name``, if it can be nothing but a host's name or address.

    Raises:
        UsageError: a launcher could take it for something else.
    """
    if not _HOST.match(name):
        raise UsageError(
            f"not the name of a host: {name[:80]!r}",
            hint="letters, digits, dots, dashes, underscores; colons in an address",
            location=location,
        )
    return name


def unique(hosts: Iterable[str], name: str) -> list[str]:
    """The hosts without repetition, at least one and not too many."""
    found = list(dict.fromkeys(hosts))
    if not found:
        raise UsageError("no host is named", location=name)
    if len(found) > MAX_HOSTS:
        raise UsageError(f"more than {MAX_HOSTS} hosts", location=name)
    return found


def _numbers(text: str) -> list[str]:
    """The numbers of one pair of brackets, with their leading zeros."""
    found: list[str] = []
    for part in text.split(","):
        match = _RANGE.match(part.strip())
        if match is None:
            raise UsageError("not a range of numbers", location=text[:80])
        low, high = int(match[1]), int(match[2] or match[1])
        if len(found) + high - low >= MAX_HOSTS:
            raise UsageError("too many hosts", location=text[:80])
        found += [str(number).zfill(len(match[1])) for number in range(low, high + 1)]
    return found
