"""``dsdoctor scan``: print what the logs of this host tell, for a dsdoctor elsewhere."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable

import click

from dsdoctor import __version__
from dsdoctor.diagnosis.material import Material, read_material
from dsdoctor.errors import EXIT_OK, SourceError
from dsdoctor.knowledge.pack import load_pack
from dsdoctor.logs.discover import Discovery, discover
from dsdoctor.logs.travel import Parcel, pack_up
from dsdoctor.transport.framing import framed


@click.command("scan")
@click.argument("paths", nargs=-1, required=True, metavar="LOG...")
@click.option("--framed", "in_frame", is_flag=True, help="In short lines with a checksum.")
def scan_command(paths: tuple[str, ...], in_frame: bool) -> int:
    """Print what the rules find in LOG, as JSON, without judging it.

    `dsdoctor explain --hostfile` runs this on every host. The document (dsdoctor.events/1) holds
    the lines that rules match, tracebacks, signs of progress and the last lines of each log.
    """
    found = _discover(paths)
    material = read_material(found.paths, load_pack())
    records = (*material.records, *material.heard)
    notes = (*found.notes, *material.notes, *_stays(material))
    host = this_host()
    document = pack_up(Parcel(version=__version__, host=host, records=records, notes=notes))
    for line in framed(document, host) if in_frame else (document.decode(),):
        click.echo(line)
    return EXIT_OK


def _stays(material: Material) -> list[str]:
    """What does not travel: recorder dumps and stacks are compared where all of them lie."""
    count = len(material.dumps) + len(material.stacks)
    return [f"{count} recorder dumps and stacks stay on this host; copy them here"] if count else []


def _discover(paths: Iterable[str]) -> Discovery:
    """What the paths stand for here; one that other hosts have may be missing."""
    result, errors = Discovery(), []
    for path in paths:
        try:
            found = discover([path])
        except SourceError as error:
            errors.append(error)
            result.notes.append(f"{error.location}: {error.message}")
            continue
        result.paths += [item for item in found.paths if item not in result.paths]
        result.notes += found.notes
    if not result.paths:
        raise errors[0]
    return result


def this_host() -> str:
    """What this host is called: by Slurm if that started us, else by itself."""
    return os.environ.get("SLURMD_NODENAME") or socket.gethostname()
