"""Which variables a job gets, and which are left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsdoctor.witness.settings import ERROR_FILE, LOG_DIR, MARK, PIPE, settings

FOLDER = Path("/runs/1")


def added(command: str, home: str = "/nonexistent", **environment: str) -> dict[str, str]:
    return settings(command.split(), FOLDER, "mark", {"HOME": home, **environment})


def test_all_of_them() -> None:
    got = added("deepspeed --num_gpus 8 train.py")
    assert got[MARK] == "mark"
    assert got["NCCL_DEBUG"] == "WARN"
    assert got["NCCL_DEBUG_FILE"] == "/runs/1/nccl.%h.%p.log"
    assert got["PYTHONFAULTHANDLER"] == "1"
    assert got[ERROR_FILE] == "/runs/1/error.json"
    assert got["TORCH_FR_BUFFER_SIZE"] == got["TORCH_NCCL_TRACE_BUFFER_SIZE"] == "2000"
    assert got["TORCH_NCCL_DEBUG_INFO_TEMP_FILE"] == "/runs/1/nccl_trace_rank_"
    assert got[PIPE].startswith("/runs/1/")
    assert LOG_DIR not in got


def test_torchrun_puts_its_files_into_the_folder() -> None:
    got = added("torchrun --nproc-per-node 8 train.py")
    assert got[LOG_DIR] == "/runs/1/ranks"
    assert ERROR_FILE not in got


@pytest.mark.parametrize("option", ["--log-dir x", "--log_dir=x"])
def test_torchruns_own_option_wins(option: str) -> None:
    assert LOG_DIR not in added(f"torchrun {option} train.py")
    assert LOG_DIR not in added("torchrun train.py", **{LOG_DIR: "x"})


@pytest.mark.parametrize("command", ["srun -N 2 python t.py", "mpirun -np 8 torchrun t.py"])
def test_nothing_that_needs_the_folder_goes_to_other_hosts(command: str) -> None:
    """torch ends a process that cannot make the named pipe, torchrun one without its log folder."""
    assert not {PIPE, LOG_DIR, ERROR_FILE} & added(command).keys()


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("NCCL_DEBUG", {"NCCL_DEBUG", "NCCL_DEBUG_FILE"}),
        ("NCCL_DEBUG_FILE", {"NCCL_DEBUG", "NCCL_DEBUG_FILE"}),
        ("PYTHONFAULTHANDLER", {"PYTHONFAULTHANDLER"}),
        ("TORCHELASTIC_ERROR_FILE", {"TORCHELASTIC_ERROR_FILE"}),
        ("TORCH_NCCL_DUMP_ON_TIMEOUT", {"TORCH_NCCL_DUMP_ON_TIMEOUT", "TORCH_FR_DUMP_ON_TIMEOUT"}),
        (
            "TORCH_FR_DUMP_TEMP_FILE",
            {"TORCH_FR_DUMP_TEMP_FILE", "TORCH_NCCL_DEBUG_INFO_TEMP_FILE"},
        ),
    ],
)
def test_what_the_user_set_stays(name: str, gone: set[str]) -> None:
    """Even to nothing."""
    whole, less = added("deepspeed t.py"), added("deepspeed t.py", **{name: ""})
    assert whole.keys() - less.keys() == gone


def test_a_file_of_nccls_own_counts_as_set(tmp_path: Path) -> None:
    (tmp_path / ".nccl.conf").write_text("NCCL_IB_HCA=mlx5\n NCCL_DEBUG = INFO\n")
    assert "NCCL_DEBUG" not in added("deepspeed t.py", str(tmp_path))
    (tmp_path / ".nccl.conf").write_text("#NCCL_DEBUG=INFO\n")
    assert "NCCL_DEBUG" in added("deepspeed t.py", str(tmp_path))
    (tmp_path / "own").write_bytes(b"\xff\nNCCL_DEBUG_FILE=x\n")
    assert "NCCL_DEBUG" not in added("t.py", NCCL_CONF_FILE=str(tmp_path / "own"))


def test_a_folder_that_nccl_would_read_as_a_pattern_is_not_named() -> None:
    got = settings(["t.py"], Path("/runs/100%h"), "mark", {"HOME": "/nonexistent"})
    assert "NCCL_DEBUG_FILE" not in got


@pytest.mark.parametrize("command", [["'"], ["x" * 200_000], ["\udcff"], ["a\nb", "\0"]])
def test_odd_commands_do_no_harm(command: list[str]) -> None:
    assert settings(command, FOLDER, "mark", {})[MARK] == "mark"
