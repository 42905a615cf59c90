"""The log of a run, of bounded size: a job that floods loses the middle, not the end."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from types import TracebackType

HEAD = 32 << 20
TAIL = 32 << 20


class JobLog:
    """Keeps the first ``head`` bytes on disk and the last ``tail`` bytes in memory.

    Args:
        path: the file.
        head: bytes kept of the beginning.
        tail: bytes kept of the end.
    """

    def __init__(self, path: Path, head: int = HEAD, tail: int = TAIL) -> None:
        self._file = path.open("wb")
        self._head = head
        self._tail = tail
        self._kept: deque[bytes] = deque()
        self._held = 0
        self._dropped = 0
        self.size = 0

    def __enter__(self) -> JobLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def write(self, chunk: bytes) -> None:
        """Take what the job printed."""
        self.size += len(chunk)
        if room := min(self._head, len(chunk)):
            self._file.write(chunk[:room])
            self._file.flush()
            self._head -= room
        if rest := chunk[room:]:
            self._keep(rest)

    def close(self) -> None:
        """Write the end of the log, and how much is missing before it."""
        if self._file.closed:
            return
        if self._dropped:
            lines = b"".join(self._kept)
            cut = lines.find(b"\n") + 1
            self._dropped += cut
            note = f"\n[dsdoctor: {self._dropped} bytes of output are left out here]\n"
            self._file.write(note.encode() + lines[cut:])
        else:
            self._file.writelines(self._kept)
        self._file.close()

    def _keep(self, chunk: bytes) -> None:
        self._kept.append(chunk)
        self._held += len(chunk)
        while self._held - len(self._kept[0]) >= self._tail:
            gone = self._kept.popleft()
            self._held -= len(gone)
            self._dropped += len(gone)
