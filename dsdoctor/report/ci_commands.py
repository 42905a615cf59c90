"""Takes the force out of text that a CI runner would obey when it reads it in a job's output.

GitHub's runner obeys ``::name ...::text`` at the start of a line and ``##[name]text`` anywhere in
it (actions/runner, ActionCommand.cs); Azure Pipelines obeys ``##vso[...]``. Reports quote logs and
configurations, so each output that may end up in a job's output goes through one of these.
"""

from __future__ import annotations

import re

_AT_START = re.compile(r"(?m)^([^\S\n]*):(?=:)")
_ANYWHERE = re.compile(r"##(?=\w*\[)")


def disarmed(text: str) -> str:
    """Plain text or Markdown, with a backslash where the command would have begun."""
    return _ANYWHERE.sub(r"#\\#", _AT_START.sub(r"\1\\:", text))


def disarmed_json(text: str) -> str:
    """JSON that reads back as before. Its lines never start with a colon."""
    return _ANYWHERE.sub(r"#\\u0023", text)


def disarmed_xml(text: str) -> str:
    """XML without comments or CDATA that reads back as before."""
    return _ANYWHERE.sub("#&#35;", _AT_START.sub(r"\1&#58;", text))
