"""How alike two names are, with the slips that people make counted as small."""

from __future__ import annotations

ENOUGH = 3
LOOSE = 0.3
"""Names that differ more in length than this are not compared letter by letter."""


def edits(one: str, other: str) -> int:
    """Letters to insert, delete, replace or swap with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        last, before = before, row
        row = [at]
        for to, target in enumerate(other, 1):
            cost = min(row[-1] + 1, before[to] + 1, before[to - 1] + (letter != target))
            swapped = at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == target
            row.append(min(cost, last[to - 2] + 1) if swapped else cost)
    return row[-1]


def folded(name: str) -> str:
    """The name without what people mix up: case, hyphens, stage prefix, British spelling."""
    plain = name.lower().replace("-", "_").replace(" ", "_").removeprefix("stage3_")
    return plain.replace("optimis", "optimiz").replace("_", "")


def closeness(written: str, known: str) -> float:
    """1 for the same name, 0 for nothing in common; ``written`` stands for ``known``.

    Words left out count little (``gradient_clip``), words put in more (``max_loss_scale``).
    """
    left, right = folded(written), folded(known)
    if left == right:
        return 1.0
    if abs(len(left) - len(right)) <= max(len(left), len(right)) * LOOSE:
        score = 1 - edits(left, right) / max(len(left), len(right))
    else:
        score = 0.0
    return max(score, _shared_words(_words(written), _words(known)))


def _shared_words(written: list[str], known: list[str]) -> float:
    small, large = sorted((written, known), key=len)
    if len("".join(small)) < ENOUGH or not all(_is_among(word, large) for word in small):
        return 0.0
    if len(small) < len(large) / 2:
        return 0.0
    return (0.72 if small is written else 0.6) + 0.2 * len(small) / len(large)


def _is_among(word: str, others: list[str]) -> bool:
    """Whether a word is there in some form: ``clip`` for ``clipping``, ``params`` for ``param``."""
    return any(
        w.startswith(word) or (word.startswith(w) and len(word) - len(w) < 3) for w in others
    )


def _words(name: str) -> list[str]:
    return [word for word in name.lower().replace("-", "_").split("_") if word]
