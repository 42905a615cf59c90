"""The log of a run: what came through one stream or two, every byte of it.

Two streams are merged by line. A line of one that is not finished waits while the other goes on,
but never more than ``MOST_HELD`` bytes of it: a stream without line ends is not kept in memory.
"""

from __future__ import annotations

import os
from threading import Lock

MOST_HELD = 64 * 1024


class MergedLog:
    """Appends to an open file.

    Args:
        descriptor: the file; it stays open.
        streams: how many streams go into it.
    """

    def __init__(self, descriptor: int, streams: int) -> None:
        self._descriptor = descriptor
        self._held = [b""] * streams
        self._lock = Lock()
        self.trouble = ""

    def write(self, stream: int, chunk: bytes) -> None:
        """Take what a stream said. It never raises: see ``trouble``."""
        with self._lock:
            if len(self._held) > 1:
                chunk = self._whole_lines(stream, chunk)
            self._append(chunk)

    def flush(self) -> None:
        """Write what is held."""
        with self._lock:
            for stream, held in enumerate(self._held):
                self._held[stream] = b""
                self._append(held)

    def _whole_lines(self, stream: int, chunk: bytes) -> bytes:
        text = self._held[stream] + chunk
        # a progress bar ends its lines with a carriage return
        cut = max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
        if len(text) - cut > MOST_HELD:
            cut = len(text)
        self._held[stream] = text[cut:]
        return text[:cut]

    def _append(self, data: bytes) -> None:
        if self.trouble or not data:
            return
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            # the job's own output goes on; only the copy ends here
            self.trouble = error.strerror or str(error)
