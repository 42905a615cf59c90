"""``--hostfile``, ``--launcher`` and the like: the same for every command that asks other hosts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from dsdoctor.errors import UsageError
from dsdoctor.transport.hostfile import read_hostfile
from dsdoctor.transport.launchers import NAMES, hosts_of_allocation

NOT_THERE = "install dsdoctor there too, or say with --remote-command how it is called"


@dataclass(frozen=True, slots=True)
class Reach:
    """Which hosts, and how to get there.

    Args:
        hostfile: in DeepSpeed's syntax; None means the hosts of the Slurm allocation.
        launcher: its name; None where none was asked for.
        timeout: for a host, in seconds.
        remote_command: dsdoctor's name there.
    """

    hostfile: Path | None
    launcher: str | None
    timeout: int
    remote_command: str

    @property
    def elsewhere(self) -> bool:
        """Are other hosts to be asked, and not this one?"""
        return self.hostfile is not None or self.launcher is not None

    def hosts(self) -> list[str]:
        """The hosts to ask.

        Raises:
            UsageError: there are none.
        """
        found = read_hostfile(self.hostfile) if self.hostfile else hosts_of_allocation()
        if not found:
            raise UsageError("no hosts", hint="give --hostfile, or run inside a Slurm allocation")
        return list(found)


def host_options(
    *, timeout: int, meaning: str
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command the options, and one argument ``reach`` in their place."""

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        @click.option(
            "--hostfile",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help=meaning,
        )
        @click.option(
            "--launcher",
            type=click.Choice(NAMES),
            help="Reach the hosts by this; alone, the hosts of the Slurm allocation are meant.",
        )
        @click.option(
            "--host-timeout",
            type=click.IntRange(1),
            default=timeout,
            show_default=True,
            metavar="SECONDS",
        )
        @click.option(
            "--remote-command",
            default="dsdoctor",
            show_default=True,
            help="dsdoctor on the other hosts.",
        )
        @functools.wraps(command)
        def with_reach(
            *args: Any,
            hostfile: Path | None,
            launcher: str | None,
            host_timeout: int,
            remote_command: str,
            **rest: Any,
        ) -> int:
            reach = Reach(hostfile, launcher, host_timeout, remote_command)
            return command(*args, reach=reach, **rest)

        return with_reach

    return decorate
