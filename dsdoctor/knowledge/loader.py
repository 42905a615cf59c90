"""Reads rule files. Every complaint names file, line and column."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import msgspec
import yaml

from dsdoctor.errors import RuleError
from dsdoctor.knowledge.anchors import MAX_ANCHOR, anchors_of
from dsdoctor.knowledge.rule import Pattern, Rule
from dsdoctor.knowledge.rule_values import Plainer, mark_of
from dsdoctor.knowledge.yaml_nodes import composed

MAX_RULE_BYTES = 256 * 1024
"""A rule file is prose and samples; more than this is a mistake or an attack."""

_PATH = re.compile(r" - at `\$(.*)`$")
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]|\[\.\.\.\]")
_UNKNOWN = re.compile(r"unknown field `(\w+)`")


def load_rule(path: Path) -> Rule:
    """Read one rule file.

    Raises:
        RuleError: the file is unreadable, is not YAML, breaks the schema, or has a regex that
            does not compile or promises no literal for the scanner, or a ``lint`` without samples.
    """
    return parse_rule(_bytes(path), path)


def parse_rule(data: bytes, path: Path) -> Rule:
    """The rule in the content of a file called ``path``.

    Raises:
        RuleError: as ``load_rule``.
    """
    root = _compose(data, path)
    try:
        rule = msgspec.convert(Plainer(path).plain(root), Rule)
    except msgspec.ValidationError as error:
        raise _located(path, root, str(error)) from None
    _check_patterns(path, root, rule)
    if rule.lint and not (rule.lint.fires and rule.lint.silent):
        raise RuleError("lint needs samples that fire and samples that do not", location=str(path))
    return rule


def load_rules(folder: Path) -> list[Rule]:
    """Read all rule files below ``folder``, sorted by code.

    Raises:
        RuleError: as ``load_rule``, or a code or slug is used twice.
    """
    rules: dict[str, Rule] = {}
    for path in sorted(folder.glob("*/*.yaml")):
        rule = load_rule(path)
        _check_place(path, rule)
        if rule.code in rules:
            other = rules[rule.code].slug
            raise RuleError(f"code {rule.code} is already used by {other}", location=str(path))
        rules[rule.code] = rule
    return sorted(rules.values(), key=lambda rule: rule.code)


def _check_place(path: Path, rule: Rule) -> None:
    """A rule is found by its name: rules/<family>/<slug>.yaml."""
    if (path.parent.name, path.stem) != (rule.family, rule.slug):
        expected = f"rules/{rule.family}/{rule.slug}.yaml"
        raise RuleError(f"{rule.code} belongs in {expected}", location=str(path))


def _bytes(path: Path) -> bytes:
    """The file's content, one byte beyond the limit at most."""
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_RULE_BYTES + 1)
    except OSError as error:
        raise RuleError(f"cannot be read: {error.strerror}", location=str(path)) from None


def _compose(data: bytes, path: Path) -> yaml.Node:
    """Parse the YAML into nodes that know their position."""
    if len(data) > MAX_RULE_BYTES:
        raise RuleError(f"larger than {MAX_RULE_BYTES} bytes", location=str(path))
    try:
        root = composed(data)
    except (yaml.YAMLError, ValueError) as error:
        raise _yaml_error(path, error) from None
    if not isinstance(root, yaml.MappingNode):
        raise RuleError("a rule file is one YAML mapping", location=f"{path}:1:1")
    return root


def _check_patterns(path: Path, root: yaml.Node, rule: Rule) -> None:
    """Every regex compiles and gives the scanner something to look for."""
    for number, pattern in enumerate(rule.match):
        where = mark_of(path, _descend(root, f".match[{number}]"))
        for regex in (pattern.regex, pattern.frame, *pattern.collect):
            _check_regex(regex, where)
        _check_anchors(pattern, where)
    for regex in rule.unless:
        _check_regex(regex, mark_of(path, _descend(root, ".unless")))


def _check_anchors(pattern: Pattern, where: str) -> None:
    """There are literals to scan for, of which none is empty, too long or half a character."""
    anchors = pattern.anchors or anchors_of(pattern.regex)
    if not anchors:
        raise RuleError(
            f"regex {pattern.regex[:200]!r} promises no literal to scan for",
            hint="add 'anchors:', literals of which one is in every matching line",
            location=where,
        )
    for anchor in anchors:
        if not 0 < len(anchor) <= MAX_ANCHOR or any(
            "\ud800" <= sign <= "\udfff" for sign in anchor
        ):
            raise RuleError(f"{anchor[:80]!r} is no literal to scan for", location=where)


def _check_regex(regex: str, where: str) -> None:
    """Raise a located error for a regex that does not compile, or that can be read in two ways."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(regex)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise RuleError(f"regex {regex[:200]!r}: {error}", location=where) from None


def _located(path: Path, root: yaml.Node, message: str) -> RuleError:
    """Translate a validation message with its path into a place in the file."""
    found = _PATH.search(message)
    node = _descend(root, found.group(1) if found else "")
    unknown = _UNKNOWN.search(message)
    if unknown and isinstance(node, yaml.MappingNode):
        node = next((key for key, _ in node.value if key.value == unknown.group(1)), node)
    return RuleError(_PATH.sub("", message), location=mark_of(path, node))


def _descend(root: yaml.Node, path: str) -> yaml.Node:
    """Follow ``.match[0].regex`` through the nodes, as far as it goes."""
    node = root
    for key, index in _STEP.findall(path):
        if isinstance(node, yaml.MappingNode):
            node = next((value for name, value in node.value if name.value == key), node)
        elif isinstance(node, yaml.SequenceNode) and index:
            node = node.value[int(index)]
    return node


def _yaml_error(path: Path, error: Exception) -> RuleError:
    """A YAML syntax error with its place."""
    mark = getattr(error, "problem_mark", None)
    where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
    return RuleError(f"not valid YAML: {getattr(error, 'problem', None) or error}", location=where)
