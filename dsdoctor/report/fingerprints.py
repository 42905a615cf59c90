"""Names for findings that stay the same from run to run, so that a CI system knows them again.

Line numbers, times and values change between two runs of one job; the problem, the file and the
configuration key do not.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

from dsdoctor.model import Finding
from dsdoctor.report.folding import Folded
from dsdoctor.report.places import place_of


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
    return "\0".join([finding.code, place_of(finding, command).path, *keys])
