"""Names of users: in home directories, in variables, in what ``id`` prints."""

from __future__ import annotations

import re
from collections.abc import Callable

from dsdoctor.redact.ordinary import is_ordinary_user

Replace = Callable[[bytes], bytes]

PATH_ANCHORS = "/home/ /users/ /homes/ /nethome/ /people/ \\users\\ /scratch/"
ANCHORS = (
    "user= username= logname= login= "
    "uid= \"user\" \"username\" 'user' 'username' user_name= owner= userid="
)
_HOME = re.compile(
    rb"(?i)(?P<before>(?:/(?:home|users|homes|nethome|people)/|\\{1,2}users\\{1,2}))(?!(?:user|root|ubuntu)/)"
    rb"(?P<u>[A-Za-z0-9_.%+@-]{1,64})(?![A-Za-z0-9_.%+@=-])"
)
_SCRATCH = re.compile(
    rb"(?P<before>/scratch/)(?P<u>(?!(?:data|datasets?|models?|checkpoints?|ckpts?|tmp|temp|runs?|logs?|"
    rb"cache|shared|projects?|local|home|users?|jobs?|outputs?|envs?)/)[a-z][a-z0-9_-]{1,31})(?=/)"
)
_VARIABLE = re.compile(
    rb"(?i)(?P<before>(?<![a-z0-9])(?:user(?:_?name|id)?|logname|login|owner|(?:slurm_job|sudo|ssh)_user)"
    rb"(?:=|\\{0,2}[\"']\s{0,2}:\s{0,2}|=\\{0,2}[\"'])\\{0,2}[\"']?)(?P<u>[A-Za-z_][A-Za-z0-9_.-]{1,31})(?![A-Za-z0-9_(\[.])"
)
_ID = re.compile(rb"(?P<before>[ug]id=\d{1,10}\()(?P<u>[A-Za-z_][A-Za-z0-9_.-]{0,31})")
_FILE = re.compile(rb"(?i).*\.(?:py|log|txt|json|ya?ml|so|sh)")


def hide_users(line: bytes, replace: Replace, *, paths: bool) -> bytes:
    """The line with placeholders for the names that its paths, or else its variables, hold."""

    def one(match: re.Match[bytes]) -> bytes:
        name = match["u"].rstrip(b".")
        if not name.strip(b".@%+") or is_ordinary_user(name) or _FILE.fullmatch(name):
            return match[0]
        return match["before"] + replace(name) + match["u"][len(name) :]

    for pattern in (_HOME, _SCRATCH) if paths else (_VARIABLE, _ID):
        line = pattern.sub(one, line)
    return line
