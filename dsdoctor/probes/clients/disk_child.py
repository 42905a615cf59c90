"""Tries a disk in the way of DeepSpeed's NVMe offload: a child, because a dead disk hangs.

The one file that it writes is removed before the first byte, so nothing stays behind.
"""

from __future__ import annotations

import errno
import json
import mmap
import os
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

BLOCK = 1 << 20


def tried(folder: str, size: int, seconds: float) -> dict[str, Any]:
    """``direct``: does it take O_DIRECT; ``write`` and ``read`` in bytes per second; or ``error``.

    At most ``size`` bytes and ``seconds`` for each direction.
    """
    try:
        file, direct = _opened(folder)
    except OSError as error:
        return {"error": error.strerror or str(error)}
    with mmap.mmap(-1, BLOCK) as buffer:
        buffer.write(os.urandom(BLOCK))
        try:
            written, write = _timed(lambda at: os.pwrite(file, buffer, at), size, seconds)
            os.fsync(file)
            _, read = _timed(lambda at: os.preadv(file, [buffer], at), written, seconds)
        except OSError as error:
            return {"direct": direct and error.errno != errno.EINVAL, "error": error.strerror}
        finally:
            os.close(file)
    return {"direct": direct, "write": write, "read": read}


def _opened(folder: str) -> tuple[int, bool]:
    """A nameless file, with O_DIRECT if the file system has it."""
    first, path = tempfile.mkstemp(prefix=".dsdoctor-", dir=folder)
    try:
        try:
            return os.open(path, os.O_RDWR | os.O_DIRECT), True
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
                raise
            return os.dup(first), False
    finally:
        os.close(first)
        os.unlink(path)  # noqa: PTH108 - no Path in what must be small


def _timed(act: Callable[[int], int], size: int, seconds: float) -> tuple[int, float]:
    """Block after block from the start: the bytes done, and bytes per second."""
    started, done = time.monotonic(), 0
    while done < size:
        moved = act(done)
        done += moved
        if moved < BLOCK or time.monotonic() - started > seconds:
            break
    return done, done / max(time.monotonic() - started, 1e-6)


if __name__ == "__main__":
    request = json.load(sys.stdin)
    print(json.dumps(tried(request["folder"], request["size"], request["seconds"])))  # noqa: T201
