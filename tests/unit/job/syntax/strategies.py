"""Random configurations, random texts of them and random patches, for the property tests."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.unit.job.syntax.spelling import ALPHABET, PIECES, damage, spell

keys = st.sampled_from(
    ["a", "b", "fp16", "zero_optimization", "x y", "", "k#", "'q'", "ü", "null", "1", "{"]
)
texts = st.sampled_from(
    ["auto", "x", "", "True,", "a # c", "http://x/y // z", "'quo\"te'", "NaN", "tab\t\n", "[1]",
     "}", "\U0001f600", "\ud800", "nullx", "-", "1 2", "'''", "\\", "y,", "\xa0z\x0b"]
)  # fmt: skip
scalars = st.one_of(
    st.booleans(), st.integers(-(10**20), 10**20), texts,
    st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip
values = st.recursive(
    st.one_of(st.none(), scalars),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=12,
)
configurations = st.dictionaries(keys, values, max_size=5)
patches = st.dictionaries(keys, values, max_size=4)
seeds = st.integers(0, 2**32).map(Random)


@st.composite
def spelt(draw: st.DrawFn, *, repeats: float = 0.0) -> str:
    """A configuration in some spelling."""
    return spell(draw(configurations), draw(seeds), repeats)


@st.composite
def strict_json(draw: st.DrawFn) -> str:
    """A configuration as Python writes JSON."""
    indent = draw(st.sampled_from([None, 0, 2, 4, "\t"]))
    text = json.dumps(draw(configurations), indent=indent)
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A configuration with a few random changes; about half of them can still be read."""
    return damage(draw(spelt(repeats=0.2)), draw(seeds))


def scraps() -> st.SearchStrategy[str]:
    """Pieces of Hjson in no order."""
    return st.lists(st.sampled_from([*ALPHABET, *PIECES]), max_size=30).map("".join)


def patch_for(data: dict[str, Any], rng: Random, fresh: dict[str, Any]) -> dict[str, Any]:
    """A patch that touches keys that are there, besides those of ``fresh``."""
    patch = dict(fresh) if rng.random() < 0.5 else {}
    for key, value in data.items():
        choice = rng.random()
        if isinstance(value, dict) and choice < 0.5:
            patch[key] = patch_for(value, rng, fresh)
        elif choice < 0.6:
            patch[key] = None if choice < 0.4 else rng.choice([1, "new", {}, [0.5], {"n": {}}])
    return patch
