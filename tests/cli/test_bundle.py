"""The bundle: what is in it, what is not, and that nothing hostile gets through or overwrites."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path

import pytest
import zstandard

from dsdoctor.cli.main import main
from tests.conftest import ROOT
from tests.unit.redact.planted import leaks, planted_log, plants

FAILED = ROOT / "fixtures" / "cases" / "batch-triangle" / "job.log"
TOP = "dsdoctor-bundle/"


def unpacked(path: Path) -> dict[str, bytes]:
    """The members by name; a name that leads out of the folder is an error."""
    members: dict[str, bytes] = {}
    with zstandard.open(path, "rb") as raw, tarfile.open(fileobj=raw, mode="r|") as tar:
        for entry in tar:
            assert entry.isreg()
            assert entry.name.startswith(TOP)
            assert ".." not in Path(entry.name).parts
            assert entry.name.isprintable()
            file = tar.extractfile(entry)
            assert file is not None
            members[entry.name.removeprefix(TOP)] = file.read()
    return members


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out" / "b.tar.zst"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "job.log").write_bytes(FAILED.read_bytes())
    return folder


def test_planted_secrets_leak_nowhere(logs: Path, out: Path) -> None:
    found = list(plants())
    (logs / "job.log").write_text(planted_log(found) + FAILED.read_text(), "utf-8")
    config = logs / "ds_config.json"
    config.write_text(json.dumps({"wandb": {"api_key": found[0].secret}, "train_batch_size": 3}))
    assert main(["bundle", str(logs), "--config", str(config), "-o", str(out)]) == 0
    members = unpacked(out)
    assert {"logs/job.log", "config/ds_config.json", "report.json", "report.txt"} <= set(members)
    assert {"inventory.json", "MANIFEST.json"} <= set(members)
    for name, data in members.items():
        assert leaks(found, data.decode()) == [], name
    assert leaks(found, out.read_bytes().decode("latin-1")) == []
    manifest = json.loads(members["MANIFEST.json"])
    assert manifest["redacted"] is True
    assert sum(manifest["replaced"].values()) >= len(found)
    assert json.loads(members["report.json"])["verdict"]["status"] == "diagnosed"
    json.loads(members["config/ds_config.json"])


def test_names_are_the_same_in_every_file(logs: Path, out: Path) -> None:
    (logs / "rank_0.log").write_text("gpu-a17:31:32 [0] NCCL INFO x\n/home/jdoe/train.py\n")
    (logs / "rank_1.log").write_text("waiting for gpu-a17 of jdoe\n")
    assert main(["bundle", str(logs), "-o", str(out)]) == 0
    members = unpacked(out)
    assert members["logs/rank_0.log"] == b"node-1:31:32 [0] NCCL INFO x\n/home/user-1/train.py\n"
    assert members["logs/rank_1.log"] == b"waiting for node-1 of user-1\n"
    assert b"jdoe" not in b"".join(members.values())
    assert json.loads(members["MANIFEST.json"])["placeholders"] == ["node-1", "user-1"]


def test_the_same_files_make_the_same_bytes(logs: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "1.tar.zst", tmp_path / "2.tar.zst"
    assert main(["bundle", str(logs), "-o", str(one)]) == 0
    os.utime(logs / "job.log", (1, 1))
    assert main(["bundle", str(logs), "-o", str(other)]) == 0
    assert one.read_bytes() == other.read_bytes()


def test_dry_run_writes_nothing_and_masks(
    logs: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "hf" + "_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3z"
    (logs / "job.log").write_text(f"loading with {secret} on 10.1.2.3\n")
    assert main(["bundle", str(logs), "--dry-run", "-o", str(out)]) == 0
    said = capsys.readouterr().out
    assert not out.exists()
    assert secret not in said
    assert "logs/job.log:1: loading with <redacted:huggingface-token> on ip-1" in said
    assert "huggingface-token" in said
    assert "nothing was written" in said


def test_without_redaction_the_log_is_as_it_was(logs: Path, out: Path) -> None:
    (logs / "job.log").write_text("PASSWORD=hunter22 on 10.1.2.3\n")
    assert main(["bundle", str(logs), "--no-redact", "-o", str(out)]) == 0
    members = unpacked(out)
    assert members["logs/job.log"] == b"PASSWORD=hunter22 on 10.1.2.3\n"
    assert json.loads(members["MANIFEST.json"])["redacted"] is False


@pytest.mark.parametrize("link", [False, True])
def test_an_existing_file_is_left_alone(
    logs: Path, out: Path, link: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    target = out.with_name("target")
    if link:
        out.symlink_to(target)
    else:
        out.write_text("mine")
    assert main(["bundle", str(logs), "-o", str(out)]) == 2
    assert "exists and is left alone" in capsys.readouterr().err
    assert not target.exists()
    assert link or out.read_text() == "mine"


def test_a_file_that_appears_meanwhile_is_left_alone(
    logs: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def somebody_is_faster(handle: int) -> None:
        out.write_text("mine")
        real(handle)

    monkeypatch.setattr("dsdoctor.cli.bundle_archive.os.fsync", somebody_is_faster)
    assert main(["bundle", str(logs), "-o", str(out)]) == 2
    assert out.read_text() == "mine"
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def test_a_folder_that_is_not_there(logs: Path, tmp_path: Path) -> None:
    assert main(["bundle", str(logs), "-o", str(tmp_path / "no" / "b.tar.zst")]) == 2


def test_links_pipes_and_binaries_stay_out(logs: Path, out: Path, tmp_path: Path) -> None:
    (tmp_path / "shadow.log").write_text("outside\n")
    (logs / "out.log").symlink_to(tmp_path / "shadow.log")
    (logs / "loop.log").symlink_to(logs / "loop.log")
    (logs / "up").symlink_to(logs, target_is_directory=True)
    (logs / "gone.log").symlink_to(logs / "nowhere")
    (logs / "binary.log").write_bytes(b"\0\1\2" * 99)
    os.mkfifo(logs / "pipe.log")
    assert main(["bundle", str(logs), "-o", str(out)]) == 0
    members = unpacked(out)
    assert [name for name in members if name.startswith("logs/")] == ["logs/job.log"]
    assert b"outside" not in b"".join(members.values())
    left_out = "\n".join(json.loads(members["MANIFEST.json"])["left_out"])
    assert all(name in left_out for name in ("out.log", "loop.log", "gone.log", "binary.log"))


def test_a_pipe_by_its_name_does_not_block(
    logs: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(logs / "pipe.log")
    assert main(["bundle", str(logs / "pipe.log"), "-o", str(out)]) == 2
    assert "no regular file" in capsys.readouterr().err


def test_a_file_that_cannot_be_read(logs: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (logs / "secret.log").write_text("x\n")
    real = os.open

    def denied(path: object, *rest: int) -> int:
        if str(path).endswith("secret.log"):  # root may read everything, so chmod is not enough
            raise PermissionError(13, "Permission denied")
        return real(path, *rest)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr("dsdoctor.cli.bundle_streams.os.open", denied)
    assert main(["bundle", str(logs), "-o", str(out)]) == 0
    members = unpacked(out)
    assert "logs/secret.log" not in members
    assert "Permission denied" in "\n".join(json.loads(members["MANIFEST.json"])["left_out"])


def test_odd_names_become_plain_ones(logs: Path, out: Path) -> None:
    (logs / "a\nb.log").write_text("one\n")
    (logs / "a_b.log").write_text("two\n")
    (logs / "..x..log").write_text("three\n")
    (logs / "\x1b[31m\u202eé.log").write_text("four\n")
    (logs / "worker gpu.log").write_text("five\n")
    assert main(["bundle", str(logs), "-o", str(out)]) == 0
    contents = {data for name, data in unpacked(out).items() if name.startswith("logs/")}
    assert {b"one\n", b"two\n", b"three\n", b"four\n", b"five\n"} <= contents


def test_one_line_of_100_mb(logs: Path, out: Path) -> None:
    secret = "hf" + "_" + "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3z"
    with (logs / "job.log").open("wb") as file:
        file.write(b"start ")
        for _ in range(100):
            file.write(secret.encode() * (1_000_000 // len(secret)))
        file.write(b"\nthe end\n")
    assert main(["bundle", str(logs), "-o", str(out)]) == 0
    log = unpacked(out)["logs/job.log"]
    assert len(log) < 200_000
    assert secret[:12].encode() not in log
    assert log.startswith(b"start ")
    assert b"more bytes of this line]\nthe end\n" in log


def test_a_long_log_keeps_its_head_and_its_tail(logs: Path, out: Path) -> None:
    row = b"step 10 of the training, loss 0.25, nothing to see here\n"
    (logs / "job.log").write_bytes(b"first\n" + row * 200_000 + b"last\n")
    assert main(["bundle", str(logs), "--max-log", "2", "-o", str(out)]) == 0
    log = unpacked(out)["logs/job.log"]
    assert log.startswith(b"first\n")
    assert log.endswith(b"last\n")
    assert len(log) < 5_000_000
    assert log.count(b"bytes left out here]\n") == 1


def test_a_damaged_archive_says_where_it_ends(logs: Path, out: Path) -> None:
    packed = zstandard.compress(b"line\n" * 1_000_000)
    (logs / "cut.log.zst").write_bytes(packed[: len(packed) // 2])
    assert main(["bundle", str(logs), "-o", str(out)]) == 0
    assert "logs/cut.log.zst" in unpacked(out)


def test_standard_input_is_refused(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundle", "-", "-o", str(out)]) == 2
    assert "save it to a file" in capsys.readouterr().err
