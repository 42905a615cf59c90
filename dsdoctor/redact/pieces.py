"""Finds what is left of a known secret where a text was cut in the middle of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from dsdoctor.redact.chance import mixed

LEAST = 8
"""Characters of a secret from which on a piece of it is taken for one."""
_MORE = rb"[A-Za-z0-9+/=_.~-]{0,1024}"


class Pieces:
    """Knows the beginnings of secrets.

    Args:
        secrets: whole values, as they were found.
    """

    def __init__(self, secrets: Iterable[bytes]) -> None:
        self._by_start: dict[bytes, list[bytes]] = {}
        for secret in secrets:
            self._by_start.setdefault(secret[:LEAST], []).append(secret)
        starts = b"|".join(map(re.escape, sorted(self._by_start)))
        self._pattern = re.compile(b"(?:" + starts + b")" + _MORE) if starts else None

    def hide(self, data: bytes, mark: Callable[[bytes], bytes]) -> bytes:
        """``data`` with a mark for each piece; ``mark`` is asked with the secret it is of."""

        def one(match: re.Match[bytes]) -> bytes:
            known = self._by_start[match[0][:LEAST]]
            kept, best = max((_alike(secret, match[0]), secret) for secret in known)
            if kept < LEAST or not mixed(match[0][:kept]):
                return match[0]
            return mark(best) + match[0][kept:]

        return self._pattern.sub(one, data) if self._pattern else data


def _alike(one: bytes, other: bytes) -> int:
    """How many bytes two texts begin with alike."""
    pairs = zip(one, other, strict=False)
    length = min(len(one), len(other))
    return next((place for place, (a, b) in enumerate(pairs) if a != b), length)
