"""Finds the launcher in a line: past the environment, nohup, srun, numactl and the like."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dsdoctor.job.launchers.grammars import (
    ACCELERATE,
    DEEPSPEED,
    MPIRUN,
    PYTHON,
    SRUN,
    TORCHRUN,
    TRAIN_MODULES,
)
from dsdoctor.job.launchers.options import Options, take_options
from dsdoctor.job.launchers.words import Word
from dsdoctor.job.place import Place, Setting

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)\Z", re.DOTALL)
_PYTHON = re.compile(r"python(?:\d+(?:\.\d+)?)?\Z")
_LAUNCHERS = {
    "deepspeed": "deepspeed",
    "ds": "deepspeed",
    "torchrun": "torchrun",
    "accelerate": "accelerate",
    "accelerate-launch": "accelerate",
    "llamafactory-cli": "llamafactory",
    "axolotl": "axolotl",
}
_GRAMMARS = {"deepspeed": DEEPSPEED, "torchrun": TORCHRUN, "accelerate": ACCELERATE}
_SPREADERS = {"srun": SRUN, "mpirun": MPIRUN, "mpiexec": MPIRUN, "orterun": MPIRUN}
_SUBCOMMANDS = {"accelerate": "launch", "llamafactory": "train", "axolotl": "train"}
FRAMEWORKS = frozenset({"llamafactory", "axolotl"})
_NAMING = {"-n", "--name", "-J", "--job-name"}
"""What follows is a name that somebody chose, also where it is a launcher's: conda run -n x."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command, taken apart. ``rest`` is the script's arguments.

    ``spread`` are the options of srun or mpirun around the launcher; ``spreader`` is its name.
    """

    launcher: str
    place: Place
    options: Options
    environment: Options
    script: Word | None
    rest: Sequence[Word]
    spreader: str = ""
    spread: Options | None = None


def find_command(words: Sequence[Word]) -> Command:
    """The first command of the line that has a launcher; without one, the first command."""
    at = next((i for i in range(len(words)) if _is_launcher(words, i)), None)
    before = words[:at]
    environment = _environment(before)
    spreader, spread = _spread(before)
    if at is None:
        return _without_launcher(words, environment, spreader, spread)
    launcher, options, rest = _launcher(_to_the_end(words[at:]))
    script, rest = _script(rest) if launcher not in FRAMEWORKS else (None, rest)
    place = words[at].place
    return Command(launcher, place, options, environment, script, rest, spreader, spread)


def _is_launcher(words: Sequence[Word], at: int) -> bool:
    name = _base(words[at])
    if name not in _LAUNCHERS and not _PYTHON.match(name):
        return False
    return at == 0 or words[at - 1].text not in _NAMING


def _base(word: Word) -> str:
    """The program's name without its folder."""
    return word.text.rsplit("/", 1)[-1]


def _to_the_end(words: Sequence[Word]) -> Sequence[Word]:
    """The words up to the next pipe, ``&&`` or ``;``."""
    end = next((i for i, word in enumerate(words) if word.ends), len(words))
    return words[: end + 1]


def _environment(words: Sequence[Word]) -> Options:
    """NAME=value in front of the launcher, also after export and env."""
    matches = [(word, _ASSIGNMENT.match(word.text)) for word in words]
    return {m[1]: Setting(m[1], m[2], word.place) for word, m in matches if m}


def _spread(before: Sequence[Word]) -> tuple[str, Options | None]:
    """The options of srun or mpirun, if one stands in front of the launcher."""
    for at, word in enumerate(before):
        if grammar := _SPREADERS.get(_base(word)):
            return _base(word), take_options(before[at + 1 :], grammar)[0]
    return "", None


def _launcher(words: Sequence[Word]) -> tuple[str, Options, Sequence[Word]]:
    """The launcher's name, its own options, and what follows them."""
    name = _base(words[0])
    if name not in _LAUNCHERS:
        return _python(words)
    launcher = _LAUNCHERS[name]
    rest = words[1:]
    if name != "accelerate-launch" and launcher in _SUBCOMMANDS:
        rest = _after_subcommand(launcher, rest)
    return _own_options(launcher, rest)


def _own_options(launcher: str, words: Sequence[Word]) -> tuple[str, Options, Sequence[Word]]:
    """LLaMA-Factory and Axolotl have no options of their own: all are the training's."""
    grammar = _GRAMMARS.get(launcher)
    return (launcher, *take_options(words, grammar)) if grammar else (launcher, {}, words)


def _after_subcommand(launcher: str, words: Sequence[Word]) -> Sequence[Word]:
    return words[1:] if words and words[0].text == _SUBCOMMANDS[launcher] else words


def _python(words: Sequence[Word]) -> tuple[str, Options, Sequence[Word]]:
    """Plain python, or ``python -m`` a launcher."""
    options, rest = take_options(words[1:], PYTHON)
    module = options.get("module")
    launcher = TRAIN_MODULES.get(str(module.value)) if module else None
    if launcher is None:
        script = [Word(str(module.value), module.place)] if module else []
        return "python", options, [*script, *rest]
    if launcher in ("llamafactory", "axolotl") or str(module and module.value).endswith("_cli"):
        rest = _after_subcommand(launcher, rest)
    return _own_options(launcher, rest)


def _script(rest: Sequence[Word]) -> tuple[Word | None, Sequence[Word]]:
    return (rest[0], rest[1:]) if rest else (None, rest)


def _without_launcher(
    words: Sequence[Word], environment: Options, spreader: str, spread: Options | None
) -> Command:
    """A script started by itself. Who starts how many ranks inside it, nobody can tell."""
    first = next((i for i, word in enumerate(words) if not _ASSIGNMENT.match(word.text)), 0)
    script, rest = (None, ()) if spreader else _script(_to_the_end(words[first:]))
    launcher = spreader or "script"
    place = words[first].place
    return Command(launcher, place, {}, environment, script, rest, spreader, spread)
