"""All checks, in the order in which they run."""

from __future__ import annotations

from dsdoctor.checks import batch, keys, old_keys
from dsdoctor.checks.problem import Check

_FAMILIES = (old_keys, keys, batch)

CHECKS: tuple[Check, ...] = tuple(check for family in _FAMILIES for check in family.CHECKS)
