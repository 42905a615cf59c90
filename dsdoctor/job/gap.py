"""What stands where there is no value: nobody wrote one, or nobody can tell it from here."""

from __future__ import annotations

from enum import Enum
from typing import Any


class Gap(Enum):
    """``MISSING``: not written. ``UNKNOWN``: will be filled in by somebody we cannot ask."""

    MISSING = "missing"
    UNKNOWN = "unknown"


MISSING = Gap.MISSING
UNKNOWN = Gap.UNKNOWN


def known(value: Any) -> bool:
    """Is ``value`` a value?"""
    return not isinstance(value, Gap)
