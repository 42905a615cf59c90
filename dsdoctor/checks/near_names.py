"""Names that somebody may have meant by one that is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dsdoctor.job.schema.distance import closeness

CLOSE = 0.7
LIMIT = 2
LONGEST = 60


def near(name: str, known: Iterable[str], also: Mapping[str, str] | None = None) -> list[str]:
    """At most two of ``known``, the likeliest first; ``also`` has names of other programs."""
    if not name or len(name) > LONGEST:
        return []
    names = list(known)
    meant = (also or {}).get(name.lower())
    if meant in names:
        return [meant]
    scores = {one: closeness(name, one) for one in names}
    best = sorted((one for one in names if scores[one] >= CLOSE), key=lambda one: -scores[one])
    if best and scores[best[0]] == 1.0:
        return best[:1]
    return best[:LIMIT]
