"""Reads rule files. Every complaint names file, line and column."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import yaml
from yaml.constructor import SafeConstructor

from dsdoctor.errors import RuleError
from dsdoctor.knowledge.anchors import anchors_of
from dsdoctor.knowledge.rule import Rule

MAX_RULE_BYTES = 256 * 1024
"""A rule file is prose and samples; more than this is a mistake or an attack."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C parser is ten times faster; the pure one serves where PyYAML was built without it."""

_PATH = re.compile(r" - at `\$(.*)`$")
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]|\[\.\.\.\]")
_UNKNOWN = re.compile(r"unknown field `(\w+)`")


def load_rule(path: Path) -> Rule:
    """Read one rule file.

    Raises:
        RuleError: the file is unreadable, is not YAML, breaks the schema, or has a regex that
            does not compile or promises no literal for the scanner, or a ``lint`` without samples.
    """
    root = _compose(path)
    try:
        rule = msgspec.convert(_Plainer(path).plain(root), Rule)
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


def _compose(path: Path) -> yaml.Node:
    """Parse the YAML into nodes that know their position."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise RuleError(f"cannot be read: {error.strerror}", location=str(path)) from None
    if len(text) > MAX_RULE_BYTES:
        raise RuleError(f"larger than {MAX_RULE_BYTES} bytes", location=str(path))
    try:
        root = yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _yaml_error(path, error) from None
    if not isinstance(root, yaml.MappingNode):
        raise RuleError("a rule file is one YAML mapping", location=f"{path}:1:1")
    return root


class _Plainer:
    """Turns the nodes of one file into plain Python values."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: set[int] = set()
        self._scalars = SafeConstructor()

    def plain(self, node: yaml.Node) -> Any:
        """The value of ``node``. Aliases are refused: no rule needs one, and bombs are made
        of them.
        """
        if id(node) in self._seen:
            raise RuleError("YAML aliases are not allowed", location=_mark(self._path, node))
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(item) for item in node.value]
        return self._scalars.construct_object(node)

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in node.value:
            if key.value in result:
                where = _mark(self._path, key)
                raise RuleError(f"key '{key.value}' is given twice", location=where)
            result[str(key.value)] = self.plain(value)
        return result


def _check_patterns(path: Path, root: yaml.Node, rule: Rule) -> None:
    """Every regex compiles and gives the scanner something to look for."""
    for number, pattern in enumerate(rule.match):
        where = _mark(path, _descend(root, f".match[{number}]"))
        for regex in (pattern.regex, pattern.frame, *pattern.collect):
            _check_regex(regex, where)
        if not pattern.anchors and not anchors_of(pattern.regex):
            raise RuleError(
                f"regex {pattern.regex!r} promises no literal to scan for",
                hint="add 'anchors:', literals of which one is in every matching line",
                location=where,
            )
    for regex in rule.unless:
        _check_regex(regex, _mark(path, _descend(root, ".unless")))


def _check_regex(regex: str, where: str) -> None:
    """Raise a located error for a regex that does not compile."""
    try:
        re.compile(regex)
    except re.error as error:
        raise RuleError(f"regex {regex!r}: {error}", location=where) from None


def _located(path: Path, root: yaml.Node, message: str) -> RuleError:
    """Translate a validation message with its path into a place in the file."""
    found = _PATH.search(message)
    node = _descend(root, found.group(1) if found else "")
    unknown = _UNKNOWN.search(message)
    if unknown and isinstance(node, yaml.MappingNode):
        node = next((key for key, _ in node.value if key.value == unknown.group(1)), node)
    return RuleError(_PATH.sub("", message), location=_mark(path, node))


def _descend(root: yaml.Node, path: str) -> yaml.Node:
    """Follow ``.match[0].regex`` through the nodes, as far as it goes."""
    node = root
    for key, index in _STEP.findall(path):
        if isinstance(node, yaml.MappingNode):
            node = next((value for name, value in node.value if name.value == key), node)
        elif isinstance(node, yaml.SequenceNode) and index:
            node = node.value[int(index)]
    return node


def _mark(path: Path, node: yaml.Node) -> str:
    """``file:line:column`` of a node, 1-based."""
    return f"{path}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"


def _yaml_error(path: Path, error: Exception) -> RuleError:
    """A YAML syntax error with its place."""
    mark = getattr(error, "problem_mark", None)
    where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
    return RuleError(f"not valid YAML: {getattr(error, 'problem', None) or error}", location=where)
