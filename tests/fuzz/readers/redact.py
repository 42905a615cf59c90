"""Redaction: it never raises, and keeps the lines and the marks of secrets."""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.redact.redactor import Redactor
from tests.fuzz.choices import Choices
from tests.fuzz.readers.common import CASES, files, plain_seeds
from tests.fuzz.readers.log_lines import bent
from tests.fuzz.target import Target

PIECES = (
    b"HF_TOKEN=", b"hf_" + b"aB3" * 12, b"sk-" + b"x9Y" * 16, b"AKIAIOSFODNN7EXAMPLE",
    b"ghp_" + b"a1B" * 12, b"password: ", b"Authorization: Bearer ",
    b"eyJhbGciOiJI.eyJzdWIi.c2lnbmF0dXJl", b"https://u:p@h.example/x",
    b"-----BEGIN RSA PRIVATE KEY-----\n", b"-----END RSA PRIVATE KEY-----", b"/home/ana/x.py",
    b"ana@example.org", b"ssh ana@node-7", b"10.0.0.7", b"fe80::1", b"node-7.cluster.local",
    b"GPU-8f2a1b3c-1111-2222-3333-444455556666", b"<redacted:token>", b"node-1", b"user-1",
    b"--world_info=eyJub2RlLTciOiBbMF19", b"host=", b"USER=ana", b" ", b"\n", b"[rank0]: ", b'"',
    b"'", b"{", b"}", b"\\n", b"secret = ", b"api_key", b"=", b":", b"\xff", b"\xed\xa0\x80",
)  # fmt: skip


def run(data: bytes) -> None:
    """Redact twice with one redactor."""
    text = (data[1:] if data[:1] == b"\0" else _written(Choices(data[1:]))).decode(
        "utf-8", "surrogateescape"
    )
    text = text.encode("utf-8", "replace").decode()
    redactor = Redactor()
    once = redactor.text(text)
    again = redactor.text(once)
    assert again.count("<redacted:") >= once.count("<redacted:"), "a secret's mark was taken away"
    assert again.count("\n") == once.count("\n") == text.count("\n"), "a line came or went"


def _written(choices: Choices) -> bytes:
    parts = []
    while choices and len(parts) < 12:
        parts.append(bent(choices.pick(PIECES), choices))
    return b"".join(parts)


def seeds() -> Iterator[bytes]:
    """Captured logs in short pieces."""
    yield from plain_seeds(files("*/job.log", below=CASES), 191)
    yield b"\0" + b"".join(PIECES)


TARGET = Target("redact", run, seeds, lambda: [p.decode("latin-1") for p in PIECES], 192)
