"""How many ranks a launch line entails, where it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dsdoctor.job.host_filter import parse_filter
from dsdoctor.job.place import Setting

Options = Mapping[str, Setting]


def number(options: Options, *names: str) -> int | None:
    """The first of the options that is a whole number."""
    for name in names:
        value = options[name].value if name in options else None
        if isinstance(value, str) and value.isdecimal() and len(value) < 10:
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def text(options: Options, name: str) -> str:
    """The option's text; empty if it was not given."""
    value: Any = options[name].value if name in options else ""
    return value if isinstance(value, str) else ""


def times(nodes: int | None, each: int | None) -> int | None:
    """Ranks in all, if both factors are known."""
    return nodes * each if nodes is not None and each is not None else None


def deepspeed_world(options: Options, environment: Options) -> int | None:
    """deepspeed: --num_gpus on --num_nodes, an --include with slots, or CUDA_VISIBLE_DEVICES.

    Without a hostfile there is one node. CUDA_VISIBLE_DEVICES counts only alone, and a hostfile
    beside --include or --exclude has to be read.
    """
    gpus = number(options, "num_gpus", "num_accelerators")
    nodes = number(options, "num_nodes")
    if gpus and gpus > 0:
        return times(nodes if "hostfile" in options else 1, gpus)
    if include := text(options, "include"):
        return _slots(include)
    if "hostfile" in options or "exclude" in options or (nodes or 0) > 1:
        return None
    return visible_devices(environment)


def _slots(include: str) -> int | None:
    """The slots of a filter that names each of them."""
    try:
        named = parse_filter(include)
    except ValueError:
        return None
    return sum(map(len, named.values())) if all(named.values()) else None


def visible_devices(environment: Options) -> int | None:
    """How many GPUs CUDA_VISIBLE_DEVICES leaves."""
    devices = [part for part in text(environment, "CUDA_VISIBLE_DEVICES").split(",") if part]
    return len(devices) or None


def torchrun_nodes(options: Options, environment: Options) -> int | None:
    """torchrun: --nnodes, ``2`` or ``1:4``, of which only the first is a number of nodes."""
    value = text(options, "nnodes") or text(environment, "PET_NNODES") or "1"
    low, colon, high = value.partition(":")
    if colon and low != high:
        return None
    return int(low) if low.isdecimal() and len(low) < 10 else None


def torchrun_each(options: Options, environment: Options) -> int | None:
    """torchrun: --nproc_per_node; ``gpu`` and ``auto`` say what the host has, which is unknown."""
    if "nproc_per_node" in options:
        return number(options, "nproc_per_node")
    return number(environment, "PET_NPROC_PER_NODE") if "PET_NPROC_PER_NODE" in environment else 1


def llamafactory_world(environment: Options) -> int | None:
    """llamafactory-cli starts torchrun with NNODES and NPROC_PER_NODE from the environment."""
    nodes = number(environment, "NNODES") if "NNODES" in environment else 1
    each = number(environment, "NPROC_PER_NODE") or visible_devices(environment)
    return times(nodes, each)


def python_world(environment: Options) -> int | None:
    """Plain python is one rank, unless somebody set WORLD_SIZE."""
    return number(environment, "WORLD_SIZE") if "WORLD_SIZE" in environment else 1


def srun_world(options: Options) -> int | None:
    """srun: --ntasks, or --nodes times --ntasks-per-node."""
    tasks = number(options, "ntasks")
    if tasks is not None:
        return tasks
    return times(number(options, "nodes"), number(options, "ntasks_per_node"))


def mpirun_world(options: Options) -> int | None:
    """mpirun: -np."""
    return number(options, "np", "n")
