"""Runs the steps of action.yml as GitHub's runner does, as far as this action goes."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import ROOT

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
_EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")


@dataclass
class Ended:
    """How a run of the action ended."""

    code: int
    screen: str
    outputs: dict[str, str]
    summary: str


@dataclass
class Runner:
    """One job: its workspace, and what the runner sets in every step."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def workspace(self) -> Path:
        """Where the steps run."""
        return self.folder / "work"

    def run(self, **inputs: str) -> Ended:
        """Run the steps one after the other, until one fails."""
        for name in ("work", "temp"):
            (self.folder / name).mkdir(exist_ok=True)
        context = self._inputs({name.replace("_", "-"): text for name, text in inputs.items()})
        context["github.action_path"] = str(ROOT)
        screen, code = "", 0
        for number, step in enumerate(ACTION["runs"]["steps"]):
            for name in ("output", "summary"):
                (self.folder / f"{name}{number}").write_text("")
            code, said = self._step(step, context, number)
            screen += said
            for name, text in outputs_of((self.folder / f"output{number}").read_text()).items():
                context[f"steps.{step['id']}.outputs.{name}"] = text
            if code:
                break
        outputs = {
            name: evaluated(output["value"], context) for name, output in ACTION["outputs"].items()
        }
        summary = "".join(path.read_text() for path in sorted(self.folder.glob("summary?")))
        return Ended(code, screen, outputs, summary)

    def _inputs(self, given: Mapping[str, str]) -> dict[str, str]:
        assert set(given) <= set(ACTION["inputs"])
        return {
            f"inputs.{name}": given.get(name, about.get("default", ""))
            for name, about in ACTION["inputs"].items()
        }

    def _step(self, step: dict[str, Any], context: dict[str, str], number: int) -> tuple[int, str]:
        assert set(step) <= {"id", "name", "shell", "env", "run"}
        assert step["shell"] == "bash"
        script = self.folder / f"step{number}.sh"
        script.write_text(step["run"])
        env = {name: evaluated(text, context) for name, text in step["env"].items()}
        own = {
            "GITHUB_OUTPUT": str(self.folder / f"output{number}"),
            "GITHUB_STEP_SUMMARY": str(self.folder / f"summary{number}"),
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_ACTION_PATH": str(ROOT),
            "RUNNER_TEMP": str(self.folder / "temp"),
            "CI": "true",
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace,
            env={**os.environ, **self.env, **own, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return done.returncode, done.stdout


def evaluated(text: str, context: Mapping[str, str]) -> str:
    """``text`` with its expressions filled in; what nobody set is empty."""
    return _EXPRESSION.sub(lambda found: context.get(found[1], ""), text)


def outputs_of(text: str) -> dict[str, str]:
    """What a step wrote into GITHUB_OUTPUT; the action has no values of several lines."""
    lines = text.splitlines()
    assert all(re.match(r"[\w-]+=", line) for line in lines), text
    return dict(line.split("=", 1) for line in lines)


def commands_of(screen: str) -> list[str]:
    """The workflow commands that the runner would obey in the output of a step."""
    obeyed, token = [], ""
    for line in screen.splitlines():
        found = re.match(r"\s*::(\S+?)(?: .*?)?::(.*)$", line) or re.search(
            r"##\[(\w+)\](.*)", line
        )
        if found is None:
            continue
        if token:
            token = "" if found[1] == token else token
        elif found[1] == "stop-commands":
            token = found[2]
        else:
            obeyed.append(line.strip())
    return obeyed
