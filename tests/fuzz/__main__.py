"""``python -m tests.fuzz [TARGET...] [options of libFuzzer] [CORPUS]``: see docs/fuzzing.md."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fuzz import guard
from tests.fuzz.kept import kept
from tests.fuzz.registry import MODULES
from tests.fuzz.target import Target
from tests.fuzz.words import dictionary

SEEDS = "--seeds="


@dataclass(frozen=True)
class Wish:
    """The command line: no target named means all; ``corpus`` keeps what is found."""

    names: tuple[str, ...]
    options: tuple[str, ...]
    corpus: Path | None
    seeds: int


def main(arguments: Sequence[str]) -> int:
    """Fuzz until libFuzzer is told to stop; several targets in turn, each in a child."""
    try:
        import atheris
    except ImportError:
        sys.stderr.write("the fuzzer is missing: pip install atheris\n")
        return 2
    wish = read(arguments)
    if wish is None:
        sys.stderr.write(f"usage: {__doc__}\ntargets: {', '.join(MODULES)}\n")
        return 2
    guard.limits.slack = guard.WATCHED
    with atheris.instrument_imports(include=["dsdoctor"]):
        from tests.fuzz.registry import target

        chosen = [target(name) for name in wish.names]
    if len(chosen) == 1:
        fuzz(atheris, chosen[0], wish, wish.corpus)
        return 0
    return max(_in_child(atheris, item, wish) for item in chosen)


def read(arguments: Iterable[str]) -> Wish | None:
    """The wish; None if it makes no sense."""
    names, options, folders, seeds = [], [], [], sys.maxsize
    for word in arguments:
        if word.startswith(SEEDS):
            seeds = int(word.removeprefix(SEEDS))
        elif word.startswith("-"):
            options.append(word)
        else:
            (names if word in MODULES else folders).append(word)
    if len(folders) > 1 or not all("/" in folder for folder in folders):
        return None
    corpus = Path(folders[0]) if folders else None
    return Wish(tuple(names) or tuple(MODULES), tuple(options), corpus, seeds)


def _in_child(atheris: Any, chosen: Target, wish: Wish) -> int:
    """All is loaded once; a child only fuzzes."""
    sys.stderr.write(f"== {chosen.name}\n")
    sys.stderr.flush()
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    fuzz(atheris, chosen, wish, wish.corpus / chosen.name if wish.corpus else None)
    return 0


def fuzz(atheris: Any, chosen: Target, wish: Wish, corpus: Path | None) -> None:
    """Hand over to libFuzzer, which ends the process."""
    with tempfile.TemporaryDirectory() as folder:
        words, seeds = Path(folder, "words"), Path(folder, "seeds")
        words.write_bytes(dictionary(chosen.words()))
        seeds.mkdir()
        for number, data in enumerate([*kept(chosen.name), *_thinned(chosen, wish.seeds)]):
            Path(seeds, str(number)).write_bytes(data)
        found = corpus or Path(folder, "found")
        found.mkdir(parents=True, exist_ok=True)
        limits = ["-timeout=20", "-rss_limit_mb=500", f"-max_len={chosen.max_len}"]
        line = ["fuzz", f"-dict={words}", *limits, *wish.options, str(found), str(seeds)]
        atheris.Setup(line, chosen.one)
        atheris.Fuzz()


def _thinned(chosen: Target, most: int) -> list[bytes]:
    """At most so many seeds, from everywhere among them."""
    seeds = list(chosen.seeds())
    return seeds[:: max(1, -(-len(seeds) // most))]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
