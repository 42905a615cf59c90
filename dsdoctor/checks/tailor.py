"""Fits the remedies of a failure to the user's own configuration.

A remedy says "halve the micro batch"; with the configuration at hand it says "micro batch 8 -> 4,
accumulation 4 -> 8", leaves out what is so already, and can be applied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from dsdoctor.checks.batch import MICRO, STEPS, TRAIN
from dsdoctor.checks.lint import findings_in
from dsdoctor.job.filling import ARGUMENT_OF
from dsdoctor.job.gap import MISSING
from dsdoctor.job.place import Path, dotted, path_of
from dsdoctor.job.resolve import value
from dsdoctor.job.spec import Filler, JobSpec
from dsdoctor.job.syntax.merge import merge
from dsdoctor.knowledge.arithmetic import worked_out
from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Finding, Remedy, Report


def tailored(report: Report, spec: JobSpec, pack: Pack) -> Report:
    """The report with every remedy fitted to ``spec``; what cannot be done there is left out."""
    own = findings_in(spec, pack)
    fitted = {id(item): _tailored(item, spec, own) for item in report.findings}
    root = report.verdict.root
    if root is not None:
        root = fitted.get(id(root)) or _tailored(root, spec, own)
    return replace(
        report,
        findings=tuple(fitted.values()),
        verdict=replace(report.verdict, root=root),
    )


def _tailored(finding: Finding, spec: JobSpec, own: list[Finding]) -> Finding:
    """The finding with the configuration's part of the evidence, and remedies that fit."""
    same = [item for item in own if item.code == finding.code]
    fixes = [remedy for item in same for remedy in item.remedies if remedy.fix]
    rest = [fitted for item in finding.remedies if (fitted := _fitted(item, spec, bool(fixes)))]
    evidence = [place for item in same for place in item.evidence]
    return replace(
        finding,
        remedies=(*fixes, *rest),
        evidence=(*finding.evidence, *evidence),
    )


def _fitted(remedy: Remedy, spec: JobSpec, better: bool) -> Remedy | None:
    """The remedy with the job's numbers; None where it does not apply to this job.

    ``better`` says that a check made fixes for this very file, so that examples are needless.
    """
    if not remedy.config:
        return remedy
    if better:
        return None
    try:
        patch = worked_out(remedy.config, lambda name: _number(spec, name))
    except LookupError:
        return remedy
    except ArithmeticError:
        return None
    return _applied(remedy, patch, spec)


def _applied(remedy: Remedy, patch: Mapping[str, Any], spec: JobSpec) -> Remedy | None:
    """What ``patch`` really changes, in the file or in the arguments that fill it."""
    if merge(spec.config.data, patch) == spec.config.data:
        return None
    changes = list(_changes(patch, spec))
    summary = f"{remedy.summary}: {', '.join(changes)}" if changes else remedy.summary
    summary += _global_batch(patch, spec)
    if arguments := dict(_as_arguments(patch, spec)):
        line = " ".join(f"--{name} {new}" for name, new in arguments.items())
        return replace(remedy, summary=summary, kind="command", config={}, command=line)
    fix = "safe" if remedy.risk == "safe" else "unsafe"
    return replace(remedy, summary=summary, config=patch, fix=fix)


def _changes(patch: Mapping[str, Any], spec: JobSpec) -> Iterator[str]:
    """``train_micro_batch_size_per_gpu 8 -> 4`` for each key that gets another value."""
    for path, new in _leaves(patch):
        old = value(spec, path)
        if old != new and not (new is None and old is MISSING):
            shown = "not set" if old is MISSING or not isinstance(old, _PLAIN) else old
            yield f"{dotted(path)} {_word(shown)} -> {_word(new)}"


def _global_batch(patch: Mapping[str, Any], spec: JobSpec) -> str:
    """Says so if the patch moves samples between micro batch and accumulation only."""
    if not {MICRO, STEPS} <= patch.keys():
        return ""
    whole = value(spec, (TRAIN,))
    if not all(isinstance(patch[name], int) for name in (MICRO, STEPS)):  # such as "auto"
        return ""
    before = (_number(spec, MICRO) or 0) * (_number(spec, STEPS) or 0)
    if not isinstance(whole, int) or before != patch[MICRO] * patch[STEPS]:
        return ""
    return f"; the global batch stays {whole}"


_PLAIN = (bool, int, float, str)


def _word(item: object) -> str:
    """A value as JSON spells it, a removal as ``removed``."""
    if item is None:
        return "removed"
    return str(item).lower() if isinstance(item, bool) else str(item)


def _as_arguments(patch: Mapping[str, Any], spec: JobSpec) -> Iterator[tuple[str, Any]]:
    """The patch as TrainingArguments, if every key of it is theirs to fill."""
    if spec.filler is Filler.NONE:
        return
    pairs = [(ARGUMENT_OF.get(path), spec.raw(path), new) for path, new in _leaves(patch)]
    if all(name and raw == "auto" for name, raw, _ in pairs):
        yield from ((str(name), new) for name, _, new in pairs)


def _leaves(patch: Mapping[str, Any], base: Path = ()) -> Iterator[tuple[Path, Any]]:
    for name, item in patch.items():
        if isinstance(item, Mapping):
            yield from _leaves(item, (*base, name))
        else:
            yield (*base, name), item


def _number(spec: JobSpec, name: str) -> int | None:
    """The job's whole number at a dotted key; DeepSpeed's own default counts."""
    found = value(spec, path_of(name))
    if name == "gradient_accumulation_steps" and found in (MISSING, None):
        return 1
    return found if isinstance(found, int) and not isinstance(found, bool) else None
