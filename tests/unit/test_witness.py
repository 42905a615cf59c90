"""Which files of a job's folder are witnesses, and of what kind."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import pytest

from dsdoctor.logs.witness import head_of, host_of, is_witness_name, kind_of, sorted_out
from tests.conftest import ROOT

DATA = ROOT / "tests" / "data" / "witness"
SMI_TABLE = b"Fri Nov 20 14:28:29 2026\n+----+\n| NVIDIA-SMI 580.159.04  Driver\n"
KERNEL = b"[   12.345678] one\n[   12.345679] two\n[   12.345680]  three\n"


@pytest.mark.parametrize(
    "name",
    [
        "error.json", "error_rank3.json", "job.error.json", "dmesg", "dmesg.txt.gz",
        "dmesg-node7.txt", "node7-dmesg.log", "kern.log.1", "kernel.log", "journal-k.txt",
        "journalctl_node3.txt", "syslog", "nvidia-smi", "nvidia-smi-q.txt", "nvidia_smi_node3.log",
        "fr_0", "fr_trace_3.json", "nccl_trace_rank_12", "comm_lib_trace_rank_3", "pyspy_3.txt",
        "py-spy-rank3.txt", "rank3.pyspy.txt",
    ],
)  # fmt: skip
def test_names_of_witnesses(name: str) -> None:
    assert is_witness_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "train.log", "terror.json", "errors.py", "kernel.cu", "fused_kernel.py", "messages.jsonl",
        "trace.json", "frames.txt", "journal.csv", "model.safetensors", "kernel.cubin", "",
        "py-spy.svg",
    ],
)  # fmt: skip
def test_names_of_other_files(name: str) -> None:
    assert not is_witness_name(name)


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("error.json", b'{"message": {"message": "x"}}', "error-json"),
        ("error.json", b"\0\0\0", "error-json"),
        ("errors.json", b'[{"id": 1}]', "other"),
        ("error_rank3.json", b'{"message": "x"}', "error-json"),
        ("nvidia-smi.txt", SMI_TABLE, "nvidia-smi"),
        ("nvidia-smi.txt", b"NVIDIA-SMI has failed because it couldn't communicate", "log"),
        # a batch script that runs nvidia-smi first
        ("slurm-12.out", SMI_TABLE, "log"),
        ("dmesg.txt", KERNEL, "kernel"),
        ("notes.txt", KERNEL, "kernel"),
        ("kernel.log", b"step 1 loss 2.0\n", "log"),
        ("job.log", b"step 1\n[   12.345678] one\nstep 2\nstep 3\n", "log"),
        ("kern.log", b"Jan 31 10:00:00 node-1 kernel: boom\n", "kernel"),
        ("journal.txt", b"2026-01-31T10:00:00+01:00 n1 kernel: boom\n", "kernel"),
        ("pyspy.txt", b"Process 4711: python train.py\nPython v3.11.7\n", "py-spy"),
        ("train.log", b"\0\0\0", "other"),
        ("train.log", b"\xff\xfes\0t\0", "log"),
        ("dmesg.txt", b"", "kernel"),
    ],
)
def test_kind(name: str, head: bytes, kind: str) -> None:
    """The name first, then what the first bytes say."""
    assert kind_of(Path(name), head) == kind


def test_a_folder_of_a_job_is_sorted_out(tmp_path: Path) -> None:
    (tmp_path / "job.log").write_text("step 1\n")
    (tmp_path / "dmesg.txt.gz").write_bytes(gzip.compress(KERNEL))
    (tmp_path / "error.json").write_text('{"message": "x"}')
    (tmp_path / "errors.json").write_text("[]")
    logs, witnesses = sorted_out(sorted(tmp_path.iterdir()))
    assert [path.name for path in logs] == ["job.log"]
    assert [(item.path.name, item.kind) for item in witnesses] == [
        ("dmesg.txt.gz", "kernel"),
        ("error.json", "error-json"),
    ]


def test_the_captured_files_are_known() -> None:
    kinds = {path.name: kind_of(path, head_of(path)) for path in DATA.glob("*.txt")}
    assert kinds == {
        "dmesg.txt": "kernel",
        "nvidia-smi.txt": "nvidia-smi",
        "nvidia-smi-q.txt": "nvidia-smi",
    }


def test_what_cannot_be_read_has_no_head(tmp_path: Path) -> None:
    """A folder, a missing file, damaged gzip: no crash, and nothing read."""
    (tmp_path / "dmesg.gz").write_bytes(gzip.compress(b"x" * 5000)[:20])
    assert head_of(tmp_path) == b""
    assert head_of(tmp_path / "gone") == b""
    assert head_of(tmp_path / "dmesg.gz") == b""


def test_names_are_cheap() -> None:
    """A million unrelated names take seconds; the limit leaves room for a slow host."""
    names = [f"shard-{i:06d}.arrow" if i % 2 else f"{'a-' * 20}{i}-trace.x" for i in range(50_000)]
    start = time.perf_counter()
    assert not any(map(is_witness_name, names))
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("dmesg-node7.txt", "node7"), ("run/worker-2/dmesg.txt", "worker-2"),
        ("nvidia-smi_gpu-03.txt", "gpu-03"), ("run/dmesg.txt", None), ("dmesg.txt", None),
    ],
)  # fmt: skip
def test_host_of(path: str, host: str | None) -> None:
    assert host_of(Path(path)) == host
