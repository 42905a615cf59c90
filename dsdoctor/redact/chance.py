"""Tells a random string from a word, a path, a number or a piece of code."""

from __future__ import annotations

import math
import re
from collections import Counter

from dsdoctor.redact.names import without_placeholders

_LOWER, _UPPER, _DIGIT = re.compile(rb"[a-z]"), re.compile(rb"[A-Z]"), re.compile(rb"[0-9]")
_CODE = re.compile(
    rb"(?i)(?:self|os|args|cfg|conf(?:ig)?|opts?|options|settings|env|environ|getpass|torch|str)"
    rb"[.(\[]|[A-Za-z_][\w.]*[(\[]"
)
_BLANK = re.compile(
    rb"(?i)(?:none|null|nil|true|false|yes|no|on|off|auto|unset|undefined|empty|redacted|hidden|"
    rb"optional|required|string|str|bytes|int|bool|default|missing|invalid|expired|\W*|[*x.\-_]+|"
    rb"<[^>]*>?|\$(?-i:[A-Z_][A-Z0-9_]*)|\$[{(].*|%[a-z]|%\w+%|%\(\w*\)s|\{\w*\}|\{\{.*|-1|0|1)"
)
MIN_BITS = 3.7
"""Bits a character of a random string of 24 and more base-64 characters; words stay below."""


def mixed(value: bytes) -> bool:
    """Letters and digits together; those of placeholders do not count."""
    value = without_placeholders(value)
    return bool(_DIGIT.search(value)) and bool(_LOWER.search(value) or _UPPER.search(value))


def bits(value: bytes) -> float:
    """Shannon's entropy of a character."""
    total = len(value)
    return -sum(n / total * math.log2(n / total) for n in Counter(value).values())


def is_random(value: bytes) -> bool:
    """Long, of both cases and digits, and without a pattern: nobody writes that by hand."""
    value = without_placeholders(value[:256])
    enough = min(len(p.findall(value)) for p in (_LOWER, _UPPER, _DIGIT)) >= 2
    return len(value) >= 20 and enough and bits(value) >= MIN_BITS


def is_blank(value: bytes) -> bool:
    """A value that keeps nothing secret: ``None``, ``***``, ``$TOKEN``, ``<your key>``."""
    return bool(_BLANK.fullmatch(value))


def is_code(value: bytes) -> bool:
    """An expression that fetches the value, as source lines in a traceback show it."""
    return bool(_CODE.match(value))
