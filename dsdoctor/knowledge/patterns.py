"""Compiles the regexes of rules when they are first needed, and keeps them.

``re`` itself keeps only some 500; the pack has more, and would be compiled again and again.
"""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=8192)
def compiled(regex: str) -> re.Pattern[str]:
    """The compiled form of ``regex``."""
    return re.compile(regex)
