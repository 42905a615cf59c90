"""Writes reports into files: whole or not at all, and never through a link."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from dsdoctor.errors import UsageError

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# a pipe without a reader would keep us waiting for ever
_MORE = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


def refuse_if_taken(path: Path, *, overwrite: bool) -> None:
    """See before the work that a report could go there.

    Raises:
        UsageError: there is something else, or no such folder.
    """
    if not os.path.isdir(path.parent):  # noqa: PTH112 - Path.is_dir raises where it may not look
        raise UsageError("there is no such folder", location=str(path.parent))
    try:
        mode = path.lstat().st_mode
    except OSError:
        return
    if not overwrite:
        raise _taken(path)
    if not stat.S_ISREG(mode):
        raise UsageError("only a plain file is overwritten", location=str(path))


def write_report(path: Path, text: str, *, overwrite: bool) -> None:
    """Create ``path`` with ``text``, or replace it, in one step.

    Raises:
        UsageError: it exists and may not be overwritten, or cannot be written.
    """
    refuse_if_taken(path, overwrite=overwrite)
    draft = path.with_name(f".dsdoctor-{secrets.token_hex(8)}")
    try:
        _write(os.open(draft, _NEW, 0o666), text)
        if overwrite:
            draft.replace(path)
        else:
            _publish(draft, path)
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        raise _unwritten(path, error) from None
    finally:
        with suppress(OSError):
            draft.unlink()


def append(path: Path, text: str) -> None:
    """Add ``text`` to a file that others write to as well.

    Raises:
        UsageError: it cannot be written, or is a link, or no file.
    """
    try:
        handle = os.open(path, _MORE, 0o666)
        if refused := _no_place_to_add(os.fstat(handle)):
            os.close(handle)
            raise UsageError(refused, location=str(path))
        _write(handle, text)
    except OSError as error:
        raise _unwritten(path, error) from None


def _no_place_to_add(found: os.stat_result) -> str:
    """Why nothing is added to what was opened; empty if all is well."""
    if stat.S_ISREG(found.st_mode):
        return "has a second name, and may be somebody else's" if found.st_nlink > 1 else ""
    return "" if stat.S_ISCHR(found.st_mode) else "is no file that can be added to"


def _publish(draft: Path, path: Path) -> None:
    """Give ``draft`` its name, which nothing may have yet."""
    try:
        os.link(draft, path, follow_symlinks=False)
    except FileExistsError:
        raise
    except (OSError, NotImplementedError):  # a file system without hard links
        _copy(draft, path)


def _copy(draft: Path, path: Path) -> None:
    """Write what is in ``draft`` into a new file; half of it is not left behind."""
    handle = os.open(path, _NEW, 0o666)
    try:
        _write(handle, draft.read_bytes().decode("utf-8"))
    except OSError:
        path.unlink()
        raise


def _write(handle: int, text: str) -> None:
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
        stream.write(text)


def _unwritten(path: Path, error: OSError) -> UsageError:
    return UsageError(f"cannot be written: {error.strerror}", location=str(path))


def _taken(path: Path) -> UsageError:
    return UsageError(
        "the file exists and is left alone",
        hint="name another one, or add --overwrite",
        location=str(path),
    )
