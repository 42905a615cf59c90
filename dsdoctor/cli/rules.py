"""``dsdoctor rules`` lists the knowledge base, ``dsdoctor rule CODE`` prints one page of it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dsdoctor.errors import EXIT_OK, UsageError
from dsdoctor.knowledge.loader import load_rules
from dsdoctor.knowledge.pack import load_pack
from dsdoctor.knowledge.page import page_of
from dsdoctor.knowledge.rule import FAMILIES


@click.command("rules")
@click.option("--family", type=click.Choice(sorted(FAMILIES.values())), help="Only this family.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
@click.option(
    "--check",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Validate the rule files below this folder and list nothing.",
)
def rules_command(family: str | None, format_: str, check: Path | None) -> int:
    """List all rules: code, role, slug, title."""
    if check is not None:
        click.echo(f"{len(load_rules(check))} rules are valid")
        return EXIT_OK
    rules = [rule for rule in load_pack() if family in (None, rule.family)]
    if format_ == "json":
        keys = ("code", "slug", "family", "severity", "role", "title")
        click.echo(
            json.dumps([{key: getattr(rule, key) for key in keys} for rule in rules], indent=2)
        )
        return EXIT_OK
    for rule in rules:
        click.echo(f"{rule.code}  {rule.role:<11}  {rule.slug:<40}  {rule.title}")
    return EXIT_OK


@click.command("rule")
@click.argument("name", metavar="CODE")
def rule_command(name: str) -> int:
    """Print the page of rule CODE (its slug will do)."""
    rule = load_pack().find(name)
    if rule is None:
        raise UsageError(f"there is no rule {name!r}", hint="dsdoctor rules lists them all")
    click.echo(page_of(rule), nl=False)
    return EXIT_OK
