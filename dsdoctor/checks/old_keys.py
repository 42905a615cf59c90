"""Keys that were: removed with their feature, deprecated, given twice, or given old and new.

Read from deepspeed 0.19.8 runtime/config.py (_reject_removed_config_keys) and
runtime/config_utils.py (_process_deprecated_field, dict_raise_error_on_duplicate_keys).
"""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.checks.patches import joined, listed, put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.job.place import Path, Setting, dotted, path_of
from dsdoctor.job.schema.keys import Key
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Severity


def removed_keys(spec: JobSpec) -> Iterator[Problem]:
    """A key whose mere presence stops the job, enabled or not."""
    for name, successors in spec.schema.removed.items():
        if setting := _written(spec, path_of(name)):
            values = {"key": name, "successor": listed(successors)}
            value = setting.value
            off = value is None or (isinstance(value, dict) and value.get("enabled") is False)
            fix = Fix(f"Remove {name}", put(path_of(name), None), safe=off)
            yield Problem("DSC016", values, (setting,), fixes=(fix,))


def deprecated_keys(spec: JobSpec) -> Iterator[Problem]:
    """A key that has a new name, or no effect any more."""
    for path in spec.schema.paths:
        key = spec.schema.key(path)
        setting = _written(spec, path) if key and key.deprecated else None
        if key is None or setting is None:
            continue
        rivals = [way for name in key.replaced_by if spec.written(way := path_of(name))]
        if rivals and key.has_effect and key.checked:
            yield _both(spec, path, setting, rivals[0])
        else:
            yield _deprecated(path, setting, key)


def _both(spec: JobSpec, path: Path, setting: Setting, rival: Path) -> Problem:
    """Old and new together: DeepSpeed cannot tell which is meant."""
    new = spec.setting(rival)
    values = {"old": setting.name, "new": dotted(rival)}
    fix = Fix(f"Remove {setting.name}, keep {dotted(rival)}", put(path, None))
    return Problem("DSC014", values, (setting, *((new,) if new else ())), fixes=(fix,))


def _deprecated(path: Path, setting: Setting, key: Key) -> Problem:
    values = {"key": setting.name, "new": listed(key.replaced_by)}
    if not key.has_effect:
        fix = Fix(f"Remove {setting.name}, which has no effect", put(path, None), safe=True)
        return Problem("DSC015", values, (setting,), Severity.ERROR, fixes=(fix,))
    return Problem(
        "DSC015", values, (setting,), Severity.WARNING, fixes=tuple(_new(path, setting, key))
    )


def _new(path: Path, setting: Setting, key: Key) -> Iterator[Fix]:
    """The same said with the new key."""
    target = path_of(key.replaced_by[0])
    if not isinstance(setting.value, bool):
        return
    if key.becomes is None:
        patch = joined(put(path, None), put(target, setting.value))
    elif setting.value:
        patch = joined(put(path, None), put(target, key.becomes))
    else:
        patch = put(path, None)
    yield Fix(f"Write {dotted(target)} instead of {setting.name}", patch, safe=True)


def duplicate_keys(spec: JobSpec) -> Iterator[Problem]:
    """A key that stands twice in one object: DeepSpeed refuses the file."""
    for twin in spec.config.duplicates:
        name = dotted(twin.path)
        value = spec.config.get(twin.path)
        settings = (Setting(name, value, twin.second), Setting(name, value, twin.first))
        fix = Fix("Keep the last of each and remove the others, as plain JSON readers do", {})
        yield Problem("DSC019", {"keys": name}, settings, fixes=(fix,))


def _written(spec: JobSpec, path: Path) -> Setting | None:
    """The setting at exactly this way."""
    if not spec.config.has(path):
        return None
    return Setting(dotted(path), spec.config.get(path), spec.place(path))


CHECKS: tuple[Check, ...] = (duplicate_keys, removed_keys, deprecated_keys)
