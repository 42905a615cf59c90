"""Every remedy's `confirm` line is a command that runs as written.

Words in capitals (CKPT, JOBID) and `{fields}` stand for what only the user knows.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsdoctor.cli.main import main
from dsdoctor.errors import EXIT_FINDINGS, EXIT_OK
from dsdoctor.job.examples import example
from dsdoctor.knowledge.loader import load_rules
from tests.conftest import ROOT

LINES = sorted(
    {
        remedy.confirm.strip()
        for rule in load_rules(ROOT / "rules")
        for remedy in rule.remedies
        if remedy.confirm
    }
)
OURS = [line for line in LINES if re.search(r"(?:^|\s)dsdoctor\s", line)]
LONG = [line for line in OURS if " smoke " in line or "--deep" in line]
"""They train, or import torch."""
HERE = [line for line in OURS if line not in LONG and "--hostfile" not in line]
_KEYWORDS = {"for", "do", "done", "in"}
_PROGRAMS = """
    $CUDA_HOME/bin/nvcc $CXX accelerate awk bash cat compute-sanitizer curl cut dcgmi dd
    deepspeed df dmesg ds_report dsdoctor du echo env ethtool fi_info fi_pingpong find free
    getent grep head hf hostname ib_write_bw ibdev2netdev ibstat ibv_devinfo id ip ipmitool
    kubectl ldconfig ls lsblk lscpu lsmod lsof lspci mkdir mount mpirun nc ninja nproc numactl
    numastat nvcc nvidia-imex-ctl nvidia-smi pdsh pgrep pip ps py-spy python ras-mc-ctl rm
    rocminfo sacct scontrol show_gids sinfo sort srun ss ssh strings sudo tail tmux top torchrun
    touch ulimit uniq vmstat watch wc which {python}
"""
PROGRAMS = frozenset(_PROGRAMS.split())
_ENVIRONMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


def commands(line: str) -> Iterator[list[str]]:
    """The simple commands of a line, without their environment and redirections."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";|&()<>")
    lexer.whitespace_split = True
    command: list[str] = []
    for word in lexer:
        if set(word) <= set(";|&()"):
            yield command
            command = []
        else:
            command.append(word)
    yield command


def programs(line: str) -> Iterator[str]:
    """What the shell would start."""
    for command in commands(line):
        words = [word for word in command if not _ENVIRONMENT.match(word)]
        if words and words[0] not in _KEYWORDS and words[0] != "/":  # the rest of $(cat X)/
            yield words[0]


def test_a_shell_takes_them_all() -> None:
    script = "\n".join(f"f() {{\n{line}\n}}" for line in LINES)
    done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", LINES)
def test_it_starts_programs_and_tells_no_story(line: str) -> None:
    assert set(programs(line)) <= PROGRAMS
    told = re.sub(r"#.*", "", line)
    assert not re.search(r" \.\.\. | on one GPU| while the | shows | does not ", told), told


@pytest.mark.parametrize("line", [line for line in LINES if re.search(r"python\S* -c ", line)])
def test_its_python_compiles(line: str) -> None:
    filled = re.sub(r"\{(package|module|python|attribute)\}", "known", line)
    for command in commands(filled):
        for program, option, code in zip(command, command[1:], command[2:], strict=False):
            if program.startswith("python") and option == "-c":
                compile(code, line, "exec")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the lines name, which are all sound."""
    for name in ("ds_config.json", "fixed.json"):
        (tmp_path / name).write_text(example("zero2"))
    (tmp_path / "hosts").write_text("node-1 slots=8\nnode-2 slots=8\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("line", HERE)
@pytest.mark.usefixtures("project")
def test_those_of_ours_run_as_written(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What they find depends on the machine; that they are understood does not."""
    for command in commands(line):
        words = [word for word in command if not _ENVIRONMENT.match(word)]
        assert main(words[1:]) in (EXIT_OK, EXIT_FINDINGS), capsys.readouterr().err


@pytest.mark.parametrize("line", [line for line in OURS if "--hostfile" in line])
@pytest.mark.usefixtures("project")
def test_the_options_of_those_for_other_hosts_are_ours(line: str) -> None:
    words = next(commands(line))
    assert main([*words[1:], "--help"]) == EXIT_OK


@pytest.mark.skipif(
    not os.environ.get("DSDOCTOR_LONG"), reason="trains several times: set DSDOCTOR_LONG=1"
)
@pytest.mark.skipif(shutil.which("g++") is None, reason="no g++ for DeepSpeed's op builds")
@pytest.mark.parametrize("line", LONG)
def test_those_that_take_long_pass_as_written(line: str, project: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=project,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    good = (EXIT_OK, EXIT_FINDINGS) if "--deep" in line else (EXIT_OK,)
    assert done.returncode in good, done.stdout + done.stderr
