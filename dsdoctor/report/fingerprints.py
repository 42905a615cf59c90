"""Names for findings that stay the same from run to run, so that a CI system knows them again.

Line numbers, times, values, hosts, users and the numbers in names of logs change between two runs
of one job; the problem, the file and the configuration key do not.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from dsdoctor.model import Finding
from dsdoctor.report.folding import Folded
from dsdoctor.report.places import place_of

_NUMBER = re.compile(r"\d+")


def with_fingerprints(items: Iterable[Folded], command: str) -> Iterator[tuple[Folded, str]]:
    """Each with 32 hexadecimal digits; those that would be alike are told apart by their order."""
    seen: Counter[str] = Counter()
    for item in items:
        identity = _identity(item.finding, command)
        seen[identity] += 1
        text = f"{identity}\0{seen[identity]}"
        yield item, hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _identity(finding: Finding, command: str) -> str:
    keys = sorted({item.key for item in finding.evidence if item.key})
    return "\0".join([finding.code, _file(finding, command), *keys])


def _file(finding: Finding, command: str) -> str:
    """The file as every user on every host would call it.

    Elsewhere than in the project only the name counts: above it stand users and job numbers.
    """
    place = place_of(finding, command)
    if not place.is_file:
        return command
    path = os.path.basename(place.path) if os.path.isabs(place.path) else place.path  # noqa: PTH117, PTH119
    if command != "explain" or path.endswith(".py"):
        return path
    for host in sorted(filter(None, finding.hosts), key=len, reverse=True):
        path = path.replace(host, "node-0")  # what redaction would make of it
    return _NUMBER.sub("0", path)
