"""Writes fixed configurations: never over a file that nobody named, never half."""

from __future__ import annotations

import difflib
import os
import tempfile
from pathlib import Path

from dsdoctor.errors import UsageError


def diff_of(before: str, after: str, name: str) -> str:
    """A unified diff, empty if nothing changed."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{name.lstrip('/')}",
        f"b/{name.lstrip('/')}",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def write_new(path: Path, text: str) -> None:
    """Create ``path``.

    Raises:
        UsageError: it exists, or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8", newline="") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageError(
            "the file exists and is left alone", hint="name another one", location=str(path)
        ) from None
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", location=str(path)) from None


def write_over(path: Path, text: str) -> None:
    """Replace what is in ``path`` in one step, with its permissions; a link keeps its target.

    Raises:
        UsageError: it cannot be written; the old text is still there then.
    """
    real = path.resolve()
    try:
        mode = real.stat().st_mode
        handle, name = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
                stream.write(text)
            Path(name).chmod(mode & 0o7777)
            Path(name).replace(real)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", location=str(path)) from None
