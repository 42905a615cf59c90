"""Line and column of an offset, counted as editors do: LF, CR LF and CR each end a line."""

from __future__ import annotations

import re
from functools import cached_property

from dsdoctor.job.place import Place

BOM = "\ufeff"
LINE_END = re.compile(r"\r\n?|\n")


class LineCounter:
    """Counts on from the last question: a pass over the text costs one reading of it."""

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name
        self._reset()

    def place(self, offset: int) -> Place:
        """Where ``offset`` is."""
        self._advance(offset)
        return Place(self._name, self._line, max(offset - self._start + 1, 1))

    def multiline_indent(self, offset: int) -> int | None:
        """How far in the line the library sees ``offset``; None where it looks in vain."""
        self._advance(offset)
        if self._line > 1:
            return offset - self._start
        # on the first line it goes on counting from the end of the file
        last = self._last_end
        return offset + len(self._text) - 1 - last if last >= 0 else None

    @cached_property
    def _last_end(self) -> int:
        """The offset of the last end of a line, -1 if there is none."""
        return max(self._text.rfind("\n"), self._text.rfind("\r"))

    def _reset(self) -> None:
        # a byte order mark is no column
        self._line, self._start, self._offset = 1, int(self._text.startswith(BOM)), 0

    def _advance(self, offset: int) -> None:
        if offset < self._offset:
            self._reset()
        text, begin = self._text, self._offset
        self._line += text.count("\n", begin, offset) + text.count("\r", begin, offset)
        self._line -= text.count("\r\n", begin, offset)
        last = max(text.rfind("\n", begin, offset), text.rfind("\r", begin, offset))
        self._start = last + 1 if last >= 0 else self._start
        self._offset = offset
