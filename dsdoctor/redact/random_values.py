"""Random strings that something is set to: a secret whose name nobody foresaw."""

from __future__ import annotations

import re

from dsdoctor.redact.chance import is_random
from dsdoctor.redact.detector import Detector
from dsdoctor.redact.names import without_placeholders

MIN_CHARS = 24

CANDIDATE = (
    rb"[=:]\\{0,3}[\"']?[ \t]?\\{0,3}[\"']?"
    rb"(?P<s>[A-Za-z0-9+/_-]{24,512}={0,2})(?![A-Za-z0-9+/_.-])"
)

# a digest proves nothing and opens nothing; mangled names come with "undefined symbol"
_HARMLESS_NAME = re.compile(
    rb"(?i)(?:hash|digest|sha\d{0,3}|md5|commit|checksum|fingerprint|integrity|etag|world_info|"
    rb"symbol|revision|blob|snapshot|format|filename|file|path|dir)[\\\"']{0,4}[ \t]{0,2}\Z"
)


def _is_secret(match: re.Match[bytes]) -> bool:
    value = match["s"].rstrip(b"=")
    if value.startswith((b"_Z", b"/")) or value.count(b"/") > max(2, len(value) // 16):
        return False
    if len(without_placeholders(value)) < MIN_CHARS:
        return False
    before = match.string[max(0, match.start() - 24) : match.start()]
    return is_random(value) and value.count(b"_") < 4 and not _HARMLESS_NAME.search(before)


RANDOM_VALUE = Detector("high-entropy", (), re.compile(CANDIDATE), _is_secret)
PREFILTER = re.compile(rb"[=:][\\\"' \t]{0,8}[A-Za-z0-9+_-][A-Za-z0-9+/_-]{23}")
