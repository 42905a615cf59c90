"""Files that are no text, no UTF-8, too long or not there: one clear error each."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from dsdoctor.errors import EXIT_USAGE, SourceError
from dsdoctor.job.syntax.read import MAX_BYTES, read_document


def test_a_file_is_read_to_the_character(tmp_path: Path) -> None:
    path = tmp_path / "ds.json"
    path.write_bytes(b'\xef\xbb\xbf{\r\n  "a": "\xc3\xa9",\r\n}\r\n')
    document = read_document(path)
    assert document.data == {"a": "é"}
    assert document.text.encode() == path.read_bytes()
    assert str(document.place(("a",))) == f"{path}:2"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"a": 1}')))
    document = read_document("-")
    assert document.data == {"a": 1}
    assert document.name == "<stdin>"


@pytest.mark.parametrize(
    ("data", "where", "message"),
    [
        ('{"a": 1}'.encode("utf-16"), ":1:1", "is UTF-16, not UTF-8"),
        ('{"a": 1}'.encode("utf-32"), ":1:1", "is UTF-32, not UTF-8"),
        ('{"a": 1}'.encode("utf-16-le"), ":1:2", "a NUL byte"),
        (b'{\n  "a": "x\0y"}', ":2:10", "a NUL byte"),
        (b'{\n  "a": "caf\xe9"}', ":2:12", "byte 0xe9 is not UTF-8"),
        (b"[1]", ":1:1", "a list"),
        (b"\x1f\x8b\x08", ":1:2", "byte 0x8b is not UTF-8"),
        (b"[" * (MAX_BYTES + 1), "", "longer than 4 MiB"),
    ],
)
def test_what_is_no_configuration(tmp_path: Path, data: bytes, where: str, message: str) -> None:
    path = tmp_path / "ds.json"
    path.write_bytes(data)
    with pytest.raises(SourceError) as caught:
        read_document(path)
    assert message in caught.value.message
    assert caught.value.location == f"{path}{where}"
    assert caught.value.exit_code == EXIT_USAGE


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "ds.json"
    path.touch()
    os.truncate(path, 1 << 30)  # a hole: takes no space
    with pytest.raises(SourceError, match="longer than 4 MiB"):
        read_document(path)


def test_a_folder_and_an_absent_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read: Is a directory"):
        read_document(tmp_path)
    with pytest.raises(SourceError, match="cannot be read: No such file"):
        read_document(tmp_path / "absent.json")
