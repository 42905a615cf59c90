"""The answer no, inside this package."""

from __future__ import annotations


class RefusedError(Exception):
    """DeepSpeed would not accept the value."""
