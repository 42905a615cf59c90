"""The Job for Kubernetes: the commands of its containers, run in a shell each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import yaml

from tests.ci.documentation import assert_printed
from tests.ci.programs import ASKED, DIES, DSDOCTOR, LOG, asked, programs
from tests.conftest import ROOT

MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "docs/ci/kubernetes-job.yml").read_text())
POD: dict[str, Any] = MANIFEST["spec"]["template"]["spec"]
CONTAINERS = {item["name"]: item for item in POD["containers"]}
STUCK = f"#!/bin/sh\ncat {LOG}\nexec sleep 60\n"


class Pod:
    """The folder that the containers share, and the containers that run."""

    def __init__(self, folder: Path, given: dict[str, str]) -> None:
        self.logs = folder / "logs"
        self.logs.mkdir()
        self.verdict = folder / "termination-log"
        own = {"LOGS": str(self.logs), "VERDICT": str(self.verdict)}
        assert all({env["name"] for env in item["env"]} <= set(own) for item in POD["containers"])
        self.env = {**programs(folder / "bin", given), **own}
        self.running = ExitStack()

    def start(self, name: str) -> subprocess.Popen[str]:
        """Start a container."""
        item = CONTAINERS[name]
        process = subprocess.Popen(
            [*item["command"], *item.get("args", [])],
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.running.callback(_kill, process)
        return process


def _kill(process: subprocess.Popen[str]) -> None:
    """Everything that runs in a container, as the kernel does when its first process is gone."""
    assert process.stdout is not None
    if process.stdout.closed:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_a_training_that_dies(tmp_path: Path) -> None:
    """``explain`` starts first and waits."""
    pod = Pod(tmp_path, {"deepspeed": DIES, "dsdoctor": DSDOCTOR})
    with pod.running:
        explain = pod.start("explain")
        train = pod.start("train")
        said, _ = train.communicate(timeout=20)
        verdict, _ = explain.communicate(timeout=60)
    assert (train.returncode, said) == (1, LOG.read_text())
    assert explain.returncode == 0
    assert_printed("kubernetes-prints", verdict)
    assert pod.verdict.read_text() == verdict[:4000]
    assert (pod.logs / "job.log").read_text() == LOG.read_text()
    report = json.loads((pod.logs / "dsdoctor.json").read_text())
    assert report["verdict"]["root"]["code"] == "DSC001"


def test_a_training_that_ends_well(tmp_path: Path) -> None:
    pod = Pod(tmp_path, {"deepspeed": "#!/bin/sh\necho done\n", "dsdoctor": ASKED})
    with pod.running:
        train, explain = pod.start("train"), pod.start("explain")
        assert train.wait(20) == explain.wait(20) == 0
    assert asked(pod.env) == []
    assert not pod.verdict.exists()


def test_a_container_that_is_killed(tmp_path: Path) -> None:
    """It cannot leave a word, and its lock is gone all the same."""
    pod = Pod(tmp_path, {"deepspeed": STUCK, "dsdoctor": ASKED})
    with pod.running:
        train, explain = pod.start("train"), pod.start("explain")
        deadline = time.monotonic() + 20
        while not (pod.logs / "job.log").exists() or not (pod.logs / "job.log").stat().st_size:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.3)
        assert explain.poll() is None
        _kill(train)
        assert explain.wait(20) == 0
    assert asked(pod.env)[-2:] == ["--", str(pod.logs / "job.log")]
    assert pod.verdict.read_text() == "ended with killed, no log\n"


def test_the_training_gets_its_arguments_as_they_are(tmp_path: Path) -> None:
    pod = Pod(tmp_path, {"deepspeed": ASKED, "dsdoctor": DSDOCTOR})
    with pod.running:
        assert pod.start("train").wait(20) == 0
    assert asked(pod.env) == CONTAINERS["train"]["args"][1:]
