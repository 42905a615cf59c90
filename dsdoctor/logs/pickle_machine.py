"""The stack machine that a pickle is written for, without any instruction of its own."""

from __future__ import annotations

MAX_MARKS = 64


class RefusedError(Exception):
    """Why the machine stopped."""


class Machine:
    """Bytes to read, a stack, a memo. ``marks`` holds the stacks that open containers put aside.

    What is missing or of the wrong type raises IndexError, KeyError, TypeError or ValueError.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0
        self.stack: list[object] = []
        self.marks: list[list[object]] = []
        self.memo: dict[int, object] = {}

    @property
    def at_end(self) -> bool:
        """Has everything been read?"""
        return self.position >= len(self._data)

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes; a claim beyond the end of the file is refused at once."""
        start = self.position
        if size > len(self._data) - start:
            self.position = len(self._data)
            raise IndexError
        self.position = start + size
        return self._data[start : self.position]

    def byte(self) -> int:
        """The next byte. Most opcodes need no more, so this is short."""
        value = self._data[self.position]
        self.position += 1
        return value

    def number(self, size: int) -> int:
        """An unsigned little-endian number of ``size`` bytes."""
        return int.from_bytes(self.take(size), "little")

    def push(self, value: object) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def mark(self) -> None:
        """Put the stack aside: what follows goes into a container."""
        if len(self.marks) >= MAX_MARKS:
            raise RefusedError(f"the pickle is nested more than {MAX_MARKS} deep")
        self.marks.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[object]:
        """What was pushed since the last mark, and back to the stack before it."""
        items, self.stack = self.stack, self.marks.pop()
        return items

    def remember(self, index: int) -> None:
        """Keep the value on top of the stack under a number."""
        self.memo[index] = self.stack[-1]
