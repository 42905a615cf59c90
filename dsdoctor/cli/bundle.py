"""``dsdoctor bundle``: everything about a dead job in one file, fit to be sent to a stranger."""

from __future__ import annotations

from pathlib import Path

import click

from dsdoctor.cli.bundle_archive import write_archive
from dsdoctor.cli.bundle_contents import Wish, contents
from dsdoctor.cli.bundle_notes import dry_run as told
from dsdoctor.cli.bundle_notes import manifest, summary
from dsdoctor.cli.redacting import this_redactor
from dsdoctor.errors import EXIT_OK, UsageError

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("bundle")
@click.argument("paths", nargs=-1, required=True, metavar="LOG...")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("dsdoctor-bundle.tar.zst"),
    show_default=True,
)
@click.option("--config", type=FILE, help="The job's ds_config.json.")
@click.option("--preflight", is_flag=True, help="Add what preflight finds on this machine.")
@click.option(
    "--max-log",
    type=click.IntRange(1),
    default=64,
    show_default=True,
    metavar="MIB",
    help="Of a longer log keep the first and the last half of this.",
)
@click.option("--dry-run", is_flag=True, help="Write nothing; say what would go in.")
@click.option(
    "--redact/--no-redact",
    default=True,
    help="Replace secrets, users, hosts and addresses (the default), or leave all as it is.",
)
def bundle_command(
    paths: tuple[str, ...],
    output: Path,
    config: Path | None,
    preflight: bool,
    max_log: int,
    dry_run: bool,
    redact: bool,
) -> int:
    """Pack LOG, the configuration and the diagnosis into one redacted tar.zst.

    Tokens, keys and passwords are replaced by <redacted:kind>; users, hosts and addresses by
    user-1, node-1, ip-1, the same ones everywhere. MANIFEST.json lists what is in the file and
    how often something was replaced, never what. Look through it before you send it: no program
    knows every secret.
    """
    if not dry_run and (output.exists() or output.is_symlink()):
        raise UsageError(
            "the file exists and is left alone",
            hint="name another one with -o",
            location=str(output),
        )
    redactor = this_redactor() if redact else None
    wish = Wish(paths, config, preflight, max_log * 1024 * 1024)
    found = contents(wish, redactor)
    if dry_run:
        click.echo("\n".join(told(found, redactor)))
        return EXIT_OK
    size = write_archive(
        output, found.members, lambda packed: manifest(packed, found.left_out, redactor)
    )
    click.echo("\n".join(summary(output, size, found, redactor)))
    return EXIT_OK
