"""Secrets that only their name gives away: environments, YAML, JSON, command lines."""

from __future__ import annotations

import re
import string

from dsdoctor.redact.chance import is_blank, is_code, is_random, mixed
from dsdoctor.redact.detector import MARK
from dsdoctor.redact.names import without_placeholders

ANCHORS = (
    "token passw pwd passphrase secret credential _pat apikey api_key api-key api.key access_key "
    "access-key accesskey account_key accountkey private_key privatekey auth_key authkey "
    "signing_key _key encryption_key key_data key-data account-key private-key auth-key"
)
_CORE = (
    rb"(?P<core>token|passw(?:or)?d|pwd|passphrase|secret|credentials?|_pat(?![a-z])"
    rb"|(?:api|access|account|private|auth|signing|encryption)[._-]?key|_key|key[_-]data)"
)
_TAIL = rb"(?P<tail>(?:[_-]?(?:key|token|id|data|value|string|access|hash|base|[0-9]{1,2})){0,4})"
_VALUE = (
    rb"(?:(?P<q>\\{0,3}[\"'])(?P<a>[^\r\n]{1,1024}?)(?:(?P=q)|$)"
    rb"|(?P<b>[^\s\"'`\\][^\s\"'`]{0,127}))"
)
_ASSIGNED = rb"[\\\"'\]]{0,5}[ \t]{0,4}(?:=>|:=|==?|:)[ \t]{0,4}"
_FLAG = rb"(?:[ \t]{1,4}|\\{0,3}[\"'],[ \t]{0,4}(?=\\{0,3}[\"']))"
PATTERN = re.compile(
    rb"(?i)" + _CORE + _TAIL + rb"(?:(?P<eq>" + _ASSIGNED + rb")|" + _FLAG + rb")" + _VALUE
)

_NAME_CHARACTERS = string.ascii_letters.encode() + b"0123456789_.-"
_REST = re.compile(rb"[^\s\"'`]{0,8192}")
_STOPS = re.compile(rb"[,;&)}\]<>|]")
_FIRM = re.compile(rb"(?i)accountkey|passw|passphrase|secret|credential|pwd")
# what tokenizers and generation call a token, and keys of dictionaries
_ORDINARY = re.compile(
    rb"(?i)(?:(?:pad|eos|bos|unk|sep|cls|mask|ima?ge?|special|extra|num|max|min|new|first|last|"
    rb"prompt|decoder|forced|next|start|end|stop|tool|per|total|skip|added|audio|video|user|"
    rb"additional|assistant|system|wildcard|draft|oov|split|valid|invalid|unexpected|expected)"
    rb"[_-]?token(?:[_-]?(?:id|string|value)s?)?|.*(?:cache|sort|primary|foreign|state|dict|label|text|prompt|public|"
    rb"data|image|metric|weight|input|output|index|group|hash|map|target|reward)_key|.*token_type.*)"
)
_WORDS = re.compile(rb"[A-Za-z_]+(?:[.-][A-Za-z_]+)*[.:]?")
_HASH = re.compile(rb"[0-9a-f]{6,}")

_OWNERS = (
    (rb"wandb", "wandb-key"),
    (rb"comet", "comet-key"),
    (rb"neptune", "neptune-token"),
    (rb"clearml|trains_api", "clearml-key"),
    (rb"aws.*session|session_token", "aws-session-token"),
    (rb"aws|secret_access_key", "aws-secret-key"),
    (rb"azure|account_?key|sharedaccesskey", "azure-key"),
    (rb"hugging|hf_|hub_token", "huggingface-token"),
    (rb"docker|registry", "docker-password"),
    (rb"kube|client-key-data|k8s", "kubernetes-token"),
    (rb"private_key", "private-key"),
    (rb"pass|pwd", "password"),
    (rb"secret|credential", "secret"),
    (rb"key", "api-key"),
)


def name_before(line: bytes, match: re.Match[bytes]) -> bytes:
    """The whole name that is assigned to: the pattern starts at its telling part."""
    before = line[max(0, match.start() - 80) : match.start()]
    return before[len(before.rstrip(_NAME_CHARACTERS)) :] + match["core"] + match["tail"]


def secret_span(line: bytes, match: re.Match[bytes]) -> tuple[int, int] | None:
    """Where the secret stands, or None if what is assigned is none."""
    name = name_before(line, match)
    if match["eq"] is None and not name.startswith(b"-"):
        return None
    if not _worth(name):
        return None
    start, end = match.span("a") if match["a"] is not None else _bare(line, match, name)
    value = line[start:end]
    value = without_placeholders(value)
    if MARK in value or is_blank(value) or is_code(value) or not is_secret(name, value):
        return None
    if end == match.end("b"):
        end = _end(line, end, in_list=not _starts_line(line, match, name))
    return start, end


def _end(line: bytes, end: int, *, in_list: bool) -> int:
    """Where a long value really ends: the pattern takes no more than shows what it is."""
    rest = _REST.match(line, end)
    stop = _STOPS.search(line, end, rest.end()) if rest and in_list else None
    return stop.start() if stop else rest.end() if rest else end


def _starts_line(line: bytes, match: re.Match[bytes], name: bytes) -> bool:
    before = line[: match.start("core")].strip()
    return before in (name[: -len(match["core"] + match["tail"])], b"")


def _bare(line: bytes, match: re.Match[bytes], name: bytes) -> tuple[int, int]:
    """A value without quotes ends at a space; inside a list also at what parts its items."""
    start, end = match.span("b")
    if _starts_line(line, match, name):
        return start, end
    stop = _STOPS.search(line, start + 1, end)
    return start, stop.start() if stop else end


def _worth(name: bytes) -> bool:
    """Not what tokenizers call a token, nor the working directory."""
    bare = name.lstrip(b"-.")
    return not _ORDINARY.fullmatch(bare) and bare.lower() not in (b"pwd", b"oldpwd")


def is_secret(name: bytes, value: bytes) -> bool:
    """Is ``value`` worth hiding under ``name``?"""
    if value.lower().startswith((b"http://", b"https://", b"./", b"~/")):
        return False
    if value.startswith(b"/") and not is_random(value):
        return False
    if _FIRM.search(name):
        return len(value) >= 4 and value.lower() not in name.lower() and not _prose(value)
    if len(value) < 6:
        return False
    if name.isupper() or b"api" in name.lower():
        return not _prose(value) and not value.isdigit()
    if name.lower().endswith(b"_key") and b"access" not in name.lower():
        return is_random(value) or (
            len(value) >= 32 and mixed(value) and not _HASH.fullmatch(value)
        )
    return len(value) >= 8 and mixed(value)


def _prose(value: bytes) -> bool:
    """Words such as a message or a variable puts after the name; short ones are given up on."""
    return value.endswith((b":", b".")) and bool(_WORDS.fullmatch(value)) and len(value) < 16


def kind_of(name: bytes) -> str:
    """What to call the secret of this name."""
    low = name.lower()
    return next((kind for pattern, kind in _OWNERS if re.search(pattern, low)), "token")
