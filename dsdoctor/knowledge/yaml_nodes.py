"""Parses YAML into nodes that know their place, no deeper than a parser can follow.

The C parser calls itself for each level, without a limit: some 100,000 brackets end the process.
"""

from __future__ import annotations

import yaml

MAX_DEPTH = 64

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C parser is ten times faster; the pure one serves where PyYAML was built without it."""


class TooDeepError(ValueError):
    """Lists and mappings are nested deeper than ``MAX_DEPTH``."""


def composed(text: str | bytes) -> yaml.Node | None:
    """The nodes of one document; ``None`` if it is empty.

    Raises:
        TooDeepError: before anything recurses into it.
        yaml.YAMLError, ValueError: it is no YAML.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise TooDeepError("nested too deeply")
    root: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    return root
