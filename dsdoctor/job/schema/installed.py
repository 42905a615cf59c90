"""Which DeepSpeed is installed here, without importing it."""

from __future__ import annotations

from importlib import metadata


def installed_version() -> str | None:
    """The version of the installed package; None where there is none."""
    try:
        return metadata.version("deepspeed")
    except metadata.PackageNotFoundError:
        return None
