"""How many ranks a command starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dsdoctor.job.launchers.commands import Command
from dsdoctor.job.launchers.grammars import ACCELERATE, TORCHRUN
from dsdoctor.job.launchers.options import Options, take_options
from dsdoctor.job.launchers.words import Word
from dsdoctor.job.launchers.world import (
    deepspeed_world,
    llamafactory_world,
    mpirun_world,
    number,
    python_world,
    srun_world,
    text,
    times,
    torchrun_each,
    torchrun_nodes,
)


@dataclass(frozen=True, slots=True)
class Ranks:
    """What is known of them: nodes, ranks on each node, ranks in all."""

    nodes: int | None = None
    each: int | None = None
    world: int | None = None


def ranks_of(command: Command, named: Options, launcher_words: Sequence[Word]) -> Ranks:
    """The ranks that a command starts. ``launcher_words`` are Axolotl's, behind ``--``."""
    options, environment = command.options, command.environment
    if command.launcher == "deepspeed":
        nodes, each = number(options, "num_nodes"), number(options, "num_gpus", "num_accelerators")
        return Ranks(nodes, each, deepspeed_world(options, environment))
    if command.launcher == "torchrun":
        return _torchrun(options, environment)
    if command.launcher == "accelerate":
        return _accelerate(options)
    if command.launcher == "llamafactory":
        return Ranks(world=llamafactory_world(environment))
    if command.launcher == "axolotl":
        return _axolotl(named, environment, launcher_words)
    return _spread(command)


def _torchrun(options: Options, environment: Options) -> Ranks:
    nodes, each = torchrun_nodes(options, environment), torchrun_each(options, environment)
    return Ranks(nodes, each, times(nodes, each))


def _accelerate(options: Options) -> Ranks:
    """Accelerate counts the ranks of all machines."""
    return Ranks(nodes=number(options, "num_machines"), world=number(options, "num_processes"))


def _axolotl(named: Options, environment: Options, words: Sequence[Word]) -> Ranks:
    """Axolotl hands on to accelerate, unless it is told torchrun or python."""
    launcher = text(named, "launcher")
    if launcher == "torchrun":
        return _torchrun(take_options(words, TORCHRUN)[0], environment)
    if launcher == "python":
        return Ranks(world=python_world(environment))
    return _accelerate({**named, **take_options(words, ACCELERATE)[0]})


def _spread(command: Command) -> Ranks:
    """Plain python, and srun or mpirun around it."""
    spread = command.spread
    if spread is not None and command.spreader == "srun":
        each = number(spread, "ntasks_per_node")
        return Ranks(number(spread, "nodes"), each, srun_world(spread))
    if spread is not None:
        return Ranks(world=mpirun_world(spread))
    world = python_world(command.environment) if command.launcher == "python" else None
    return Ranks(world=world)
