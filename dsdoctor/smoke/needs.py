"""What a run needs and the job's Python may not have: one clear error before anything starts."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from dsdoctor.errors import UsageError
from dsdoctor.smoke.holdings import extensions_folder
from dsdoctor.smoke.planned import Plan
from dsdoctor.smoke.request import SmokeRequest

TIMEOUT = 60.0
_QUESTION = """
import importlib.util as u, json, pathlib, re, sys
names = sys.argv[1:]
there = {n: (u.find_spec(n) is not None) for n in names}
ops = {}
spec = u.find_spec("deepspeed") if there.get("deepspeed") else None
if spec and spec.origin:
    path = pathlib.Path(spec.origin).parent / "git_version_info_installed.py"
    if path.is_file():
        line = re.search(r"(?m)^installed_ops *= *(.*)$", path.read_text("utf-8", "replace"))
        ops = dict.fromkeys(re.findall(r"'(\\w+)': True", line[1] if line else ""), True)
print(json.dumps({"there": there, "ops": sorted(ops)}))
"""
_CHECKED = ("torch", "deepspeed", "transformers", "accelerate")


def find_python(named: str | None) -> str:
    """The job's Python: the one named, else the first that has DeepSpeed.

    dsdoctor's own comes first, then that of an activated environment.

    Raises:
        UsageError: the one named is no program.
    """
    if named is not None:
        found = shutil.which(named)
        if found is None:
            raise UsageError(f"no such Python: {named[:200]}", hint="--python PATH")
        return found
    found = shutil.which("python3") or shutil.which("python")
    if found and not _has_deepspeed(sys.executable) and _has_deepspeed(found):
        return found
    return sys.executable


def check_needs(plan: Plan, request: SmokeRequest, env: Mapping[str, str]) -> None:
    """See that everything is there.

    Raises:
        UsageError: it names the first piece that is missing, and how to get it.
    """
    answer = _ask(request.python)
    for name in _wanted(plan, request):
        if not answer["there"].get(name):
            raise UsageError(
                f"{name} is not installed in the job's Python ({request.python})",
                hint=f"{request.python} -m pip install {name}; or name another with --python",
            )
    for op in ops_of(plan):
        if op not in answer["ops"]:
            _check_build(op, request.python, env)


def ops_of(plan: Plan) -> Iterator[str]:
    """The C++ ops that DeepSpeed compiles for this configuration on their first use."""
    if plan.device == "cpu":
        yield "deepspeed_shm_comm"
    zero = plan.config.get("zero_optimization")
    blocks = (
        [zero.get(name) for name in ("offload_optimizer", "offload_param")]
        if isinstance(zero, Mapping)
        else []
    )
    devices = [item.get("device") for item in blocks if isinstance(item, Mapping)]
    if "nvme" in devices:
        yield "async_io"
    if "cpu" in devices:
        yield "cpu_adam"


def _wanted(plan: Plan, request: SmokeRequest) -> Iterator[str]:
    yield from ("torch", "deepspeed")
    if plan.kind == "trainer" or request.model_directory is not None:
        yield "transformers"
    if plan.kind != "plain" or request.launcher == "accelerate":
        yield "accelerate"


def _check_build(op: str, python: str, env: Mapping[str, str]) -> None:
    """torch asks ninja each time, a compiler only where its cache does not have the op."""
    path = env.get("PATH")
    if shutil.which("ninja", path=path) is None:
        raise UsageError(
            f"ninja is not installed: DeepSpeed cannot load {op} without it",
            hint=f"{python} -m pip install ninja",
        )
    cached = any(extensions_folder(env).glob(f"*/{op}/{op}.so"))
    compiler = env.get("CXX") or "c++"
    if not cached and not any(shutil.which(name, path=path) for name in (compiler, "g++")):
        raise UsageError(
            f"no C++ compiler: DeepSpeed cannot build {op}",
            hint="install g++, for instance: apt-get install g++",
        )


def _has_deepspeed(python: str) -> bool:
    try:
        return bool(_ask(python)["there"].get("deepspeed"))
    except UsageError:
        return False


def _ask(python: str) -> Mapping[str, Any]:
    """Which packages a Python has. Nothing of them is imported."""
    argv = [python, "-c", _QUESTION, *_CHECKED]
    try:
        done = subprocess.run(  # noqa: S603 - an argument list
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT,
            check=True,
        )
        answer = json.loads(done.stdout.strip().splitlines()[-1])
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        raise UsageError("the job's Python does not run", location=python) from None
    found: Mapping[str, Any] = answer
    return found
