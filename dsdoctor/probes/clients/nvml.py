"""One way to ask NVML: an answer, or the mark that says why there is none."""

from __future__ import annotations

from typing import Any

MARKS = {
    2: "unsupported",  # an argument this GPU does not know, such as a link it lacks
    3: "unsupported",
    4: "no permission",
    6: "unsupported",
    12: "unsupported",
    13: "unsupported",
    15: "lost",
    16: "reset required",
    25: "unsupported",
    26: "unsupported",
    28: "lost",
}
"""NVML's errors; all others are "failed"."""


class Nvml:
    """The library after ``nvmlInit``. No question raises.

    Args:
        library: the module pynvml. What an older one lacks counts as unsupported.
    """

    def __init__(self, library: Any) -> None:
        self.library = library

    def ask(self, name: str, *arguments: Any) -> Any:
        """What the function ``name`` returns, or a mark, which is a word."""
        function = getattr(self.library, name, None)
        if function is None:
            return "unsupported"
        try:
            return function(*arguments)
        except self.library.NVMLError as error:
            return MARKS.get(error.value, "failed")

    def number(self, name: str, *arguments: Any) -> int | str:
        """A whole number, or a mark."""
        value = self.ask(name, *arguments)
        return value if isinstance(value, str) else int(value)

    def flag(self, name: str, *arguments: Any) -> bool | str:
        """Yes or no, or a mark."""
        value = self.ask(name, *arguments)
        return value if isinstance(value, str) else bool(value)

    def text(self, name: str, *arguments: Any) -> str:
        """A text; empty where there is none. Older versions of pynvml return bytes."""
        function = getattr(self.library, name, None)
        if function is None:
            return ""
        try:
            value = function(*arguments)
        except (self.library.NVMLError, UnicodeDecodeError):
            return ""
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
