"""How people misspell a key."""

from __future__ import annotations

from random import Random

BRITISH = {
    "optimiz": "optimis",
    "quantiz": "quantis",
    "synchroniz": "synchronis",
}


def misspelt(random: Random, name: str) -> str:
    """``name`` as somebody in a hurry types it."""
    way = random.choice(WAYS)
    wrong = way(random, name)
    return wrong if wrong != name else dropped(random, name)


def transposed(random: Random, name: str) -> str:
    """Two neighbours change places."""
    at = random.randrange(max(1, len(name) - 1))
    return name[:at] + name[at + 1 : at + 2] + name[at : at + 1] + name[at + 2 :]


def dropped(random: Random, name: str) -> str:
    """A letter is missing."""
    at = random.randrange(len(name)) if name else 0
    return name[:at] + name[at + 1 :] or "x"


def doubled(random: Random, name: str) -> str:
    """A key was hit twice."""
    at = random.randrange(len(name)) if name else 0
    return name[: at + 1] + name[at:]


def hyphened(_: Random, name: str) -> str:
    """A hyphen for an underscore."""
    return name.replace("_", "-")


def plural(_: Random, name: str) -> str:
    """An s too many or too few."""
    return name[:-1] if name.endswith("s") else name + "s"


def camel(_: Random, name: str) -> str:
    """Another language's habit."""
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def british(_: Random, name: str) -> str:
    """An s for a z."""
    for american, other in BRITISH.items():
        name = name.replace(american, other)
    return name


def cased(_: Random, name: str) -> str:
    """With a capital."""
    return name.capitalize()


def short(random: Random, name: str) -> str:
    """A word is left out."""
    words = name.split("_")
    if len(words) < 2:
        return name
    words.pop(random.randrange(len(words)))
    return "_".join(words)


WAYS = (transposed, dropped, doubled, hyphened, plural, camel, british, cased, short)
