"""``dsdoctor scan``: one document a host."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from dsdoctor.cli.main import main
from dsdoctor.logs.travel import unpack
from dsdoctor.transport.framing import WIDTH, Unframer

LOG = "fine\n[rank3]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "job.log"
    path.write_text(LOG)
    return path


def test_it_prints_one_document(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line, with exit code 0 whatever the rules find."""
    assert main(["scan", str(log)]) == 0
    out, err = capsys.readouterr()
    assert (out.count("\n"), err) == (1, "")
    document = json.loads(out)
    assert (document["schema"], document["host"]) == ("dsdoctor.events/1", socket.gethostname())
    (record,) = document["records"]
    assert (record["name"], record["lines"]) == (str(log), 2)
    assert "DSM001" in {event["rule"] for event in record["events"]}


def test_framed_it_comes_in_short_lines(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same document, for launchers that cut and mix."""
    assert main(["scan", str(log)]) == 0
    plain = capsys.readouterr().out
    assert main(["scan", "--framed", str(log)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= WIDTH
    frame = Unframer()
    for line in lines:
        frame.feed(line)
    assert frame.document is not None
    assert unpack(frame.document) == unpack(plain.encode())


def test_slurm_says_who_we_are(
    log: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURMD_NODENAME", "gpu007")
    assert main(["scan", str(log)]) == 0
    assert json.loads(capsys.readouterr().out)["host"] == "gpu007"


def test_a_log_that_other_hosts_have_may_be_missing(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As long as there is one to read; it is noted."""
    assert main(["scan", str(log), "/nowhere/at all.log", str(log)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [record["name"] for record in document["records"]] == [str(log)]
    assert document["notes"] == ["/nowhere/at all.log: no such file or folder"]


def test_no_log_at_all_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr; a launcher brings it home as the host's reason."""
    assert main(["scan", "/nowhere/a.log", "/nowhere/b.log"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("dsdoctor: error: /nowhere/a.log: no such file or folder")
