"""The entry point. The only place that turns errors into exit codes."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

import click

from dsdoctor import __version__
from dsdoctor.errors import EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, DsDoctorError

COMMANDS = {
    "explain": "explain:explain_command",
    "lint": "lint:lint_command",
    "preflight": "preflight:preflight_command",
    "smoke": "smoke:smoke_command",
    "run": "run:run_command",
    "bundle": "bundle:bundle_command",
    "scan": "scan:scan_command",
    "rules": "rules:rules_command",
    "rule": "rules:rule_command",
}


class _Commands(click.Group):
    """Loads a command when it is called: ``explain`` need not wait for what probes import."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found: click.Command = getattr(import_module(f"dsdoctor.cli.{module}"), name)
        return found


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="dsdoctor")
def dsdoctor() -> None:
    """Find out why a DeepSpeed job died, and keep the next one from dying.

    Exit codes: 0 nothing found, 1 findings, 2 usage or unreadable input, 3 dsdoctor itself
    failed, 130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run dsdoctor and return its exit code. Never raises."""
    try:
        result = dsdoctor.main(arguments, prog_name="dsdoctor", standalone_mode=False)
        return int(result or EXIT_OK)
    except click.exceptions.Abort:
        return _say("interrupted", EXIT_INTERRUPTED)
    except KeyboardInterrupt:
        return _say("interrupted", EXIT_INTERRUPTED)
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except DsDoctorError as error:
        return _say(f"error: {error}", error.exit_code)
    except BrokenPipeError:
        return _reader_went_away()
    except Exception:  # noqa: BLE001 - a crash of the doctor must not look like a finding
        return _say(_crash(), EXIT_INTERNAL)


def _say(text: str, code: int) -> int:
    from dsdoctor.report.lines import harmless

    # an error may quote a log, a configuration, the name of a file
    click.echo("\n".join(map(harmless, f"dsdoctor: {text}".split("\n"))), err=True)
    return code


def _crash() -> str:
    """What to paste into a bug report."""
    python = ".".join(map(str, sys.version_info[:3]))
    return (
        f"internal error, please report this (dsdoctor {__version__}, Python {python}, "
        f"{sys.platform})\n{traceback.format_exc()}"
    )


def _reader_went_away() -> int:
    """``dsdoctor explain ... | head`` ends quietly: point stdout at nothing before exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_OK
