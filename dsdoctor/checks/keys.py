"""Keys that DeepSpeed does not know: misspelt, at the wrong level, or of another version.

Read from deepspeed 0.19.8 runtime/config.py: the top level and most blocks are dicts in which an
unknown key is never looked at; the pydantic blocks forbid it (runtime/config_utils.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from dsdoctor.checks.patches import joined, listed, put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.job.place import Path, Setting, dotted
from dsdoctor.job.schema.load import LINES, knowing_lines
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Severity

_COMMENTS = ("_", "//", "#", "comment", "note")
"""How people begin the names of keys that are meant as comments."""


MAX_UNKNOWN = 25
"""A file with more of them is no configuration, and to look for what each could mean takes time."""


def unknown_keys(spec: JobSpec) -> Iterator[Problem]:
    """Every key that this DeepSpeed has no use for; beyond a number of them all others as one."""
    paths = _unknown(spec, (), spec.config.data)
    for path in islice(paths, MAX_UNKNOWN):
        yield _problem(spec, path)
    if rest := list(paths):
        yield _together(spec, rest)


def _together(spec: JobSpec, paths: list[Path]) -> Problem:
    """The many that are not looked into, told at the first that DeepSpeed refuses, if any."""
    first = next((path for path in paths if _refused(spec, path)), paths[0])
    found = _found(spec, first)
    refused = found.severity is Severity.FATAL
    code, severity = ("DSC010", Severity.FATAL) if refused else ("DSC070", Severity.WARNING)
    many = f"{first[-1]} and {len(paths) - 1} more keys" if len(paths) > 1 else first[-1]
    return Problem(code, {**found.values, "key": many}, found.settings, severity)


def _unknown(spec: JobSpec, base: Path, data: Mapping[str, object]) -> Iterator[Path]:
    """The ways to unknown keys below ``base``, outermost first."""
    for name, value in data.items():
        path = (*base, name)
        if spec.schema.is_removed(path) or spec.schema.passed_on(path):
            continue
        if spec.schema.key(path) is None or _twin(spec, path):
            yield path
        elif isinstance(value, Mapping) and spec.schema.block(path) is not None:
            yield from _unknown(spec, path, value)


def _twin(spec: JobSpec, path: Path) -> str:
    """The first name of a key that stands there under both: a strict block takes one only."""
    block, key = spec.schema.block(path[:-1]), spec.schema.key(path)
    if block is None or key is None or block.parser != "forbid" or path[-1] == key.name:
        return ""
    return key.name if spec.config.has((*path[:-1], key.name)) else ""


def _problem(spec: JobSpec, path: Path) -> Problem:
    """What is wrong with an unknown key, named as exactly as can be."""
    found = _found(spec, path)
    values, (setting,), severity = dict(found.values), found.settings, found.severity
    refused = severity is Severity.FATAL
    if twin := _twin(spec, path):
        fix = Fix(f"Remove {path[-1]}, keep {twin}", put(path, None))
        return Problem("DSC010", {**values, "twin": twin}, (setting,), severity, fixes=(fix,))
    if lines := knowing_lines(path):
        values |= {"lines": _span(lines)}
        fix = Fix(f"Remove {dotted(path)}", put(path, None), safe=not refused)
        return Problem("DSC073", values, (setting,), severity, fixes=(fix,))
    return _misnamed(spec, path, found)


def _refused(spec: JobSpec, path: Path) -> bool:
    """Does DeepSpeed stop at an unknown key there?"""
    block = spec.schema.block(path[:-1])
    return block is not None and block.parser == "forbid"


def _found(spec: JobSpec, path: Path) -> Problem:
    """What can be said of any unknown key; it has no code yet."""
    refused = _refused(spec, path)
    values = {
        "key": path[-1],
        "block": dotted(path[:-1]) or "the top level",
        "effect": "stops at it" if refused else "ignores it without a word",
        "version": spec.schema.version,
    }
    setting = Setting(dotted(path), spec.config.get(path), spec.place(path))
    return Problem("", values, (setting,), Severity.FATAL if refused else Severity.ERROR)


def _misnamed(spec: JobSpec, path: Path, found: Problem) -> Problem:
    """Another spelling, another block, or nothing like it."""
    ways = spec.schema.suggestions(path)
    fixes = tuple(fix for way in ways if (fix := _move(spec, path, way)))
    values = {**found.values, "near": listed(dotted(_target(path, way)) for way in ways[:3])}
    refused = found.severity is Severity.FATAL
    if ways and _is_elsewhere(path, ways[0]):
        return Problem("DSC071", values, found.settings, found.severity, fixes=fixes)
    code = "DSC010" if refused else "DSC070"
    if ways:
        return Problem(code, values, found.settings, found.severity, fixes=fixes)
    note = path[-1].lower().startswith(_COMMENTS)
    removal = Fix(f"Remove {dotted(path)}", put(path, None), safe=note and refused)
    quiet = Severity.INFO if note else Severity.WARNING
    severity = found.severity if refused else quiet
    return Problem(code, found.values, found.settings, severity, fixes=(removal,))


def _is_elsewhere(path: Path, way: Path) -> bool:
    """Is the name right and only the block wrong?"""
    target = _target(path, way)
    return target[:-1] != path[:-1] and path[-1] in (target[-1], f"stage3_{target[-1]}")


def _target(path: Path, way: Path) -> Path:
    """Where a key goes; what belongs among an optimizer's params keeps its name there."""
    return (*way, path[-1]) if way[-1] == "params" and path[-1] != "params" else way


def _move(spec: JobSpec, path: Path, way: Path) -> Fix | None:
    """Give the value its right name and place, unless something stands there already."""
    target = _target(path, way)
    if spec.written(target) or any(
        spec.config.has(target[:end]) and not isinstance(spec.config.get(target[:end]), Mapping)
        for end in range(1, len(target))
    ):
        return Fix(f"Remove {dotted(path)}; {dotted(target)} is there", put(path, None))
    patch = joined(put(path, None), put(target, spec.config.get(path)))
    return Fix(f"Write {dotted(target)} instead of {dotted(path)}", patch)


def _span(lines: tuple[str, ...]) -> str:
    """``0.14 to 0.18`` or ``0.19 and newer``."""
    first, last = lines[0], lines[-1]
    if last == LINES[-1]:
        return f"{first} and newer"
    return first if first == last else f"{first} to {last}"


CHECKS: tuple[Check, ...] = (unknown_keys,)
