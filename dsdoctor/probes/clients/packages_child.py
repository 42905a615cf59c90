"""What a Python has installed, without importing any of it.

Runs inside dsdoctor, or as a script under the job's Python: standard library only, from 3.8 on.
"""

from __future__ import annotations

import json
import os
import re
import sys
import sysconfig
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

MODULES = {
    "torch": "torch",
    "deepspeed": "deepspeed",
    "transformers": "transformers",
    "accelerate": "accelerate",
    "trl": "trl",
    "peft": "peft",
    "pydantic": "pydantic",
    "numpy": "numpy",
    "hjson": "hjson",
    "ninja": "ninja",
    "flash-attn": "flash_attn",
    "bitsandbytes": "bitsandbytes",
    "mpi4py": "mpi4py",
    "triton": "triton",
    "setuptools": "setuptools",
    "torchvision": "torchvision",
    "nvidia-nccl-cu11": "",
    "nvidia-nccl-cu12": "",
    "nvidia-nccl-cu13": "",
}
"""Distributions, and the module that each of them brings; empty where it brings none."""

ESSENTIAL = {
    "torch": ("version.py", "_C", "nn", "lib"),
    "deepspeed": ("runtime", "ops", "launcher"),
    "transformers": ("trainer.py", "utils"),
    "accelerate": ("accelerator.py",),
}
"""Files or folders without which the package cannot be imported; a name without a dot may also
be the beginning of a compiled module's name."""


def gather() -> dict[str, object]:
    """Versions, places and what is wrong with them, as JSON values."""
    versions, locations, troubles = {}, {}, []
    for name, module in MODULES.items():
        found = _distributions(name)
        place = _place(module)
        if found:
            versions[name] = found[0][0] or "unknown"
        if place:
            locations[name] = place
        troubles += [[name, kind, text] for kind, text in _wrong(name, module, found, place)]
    versions["python"] = "{}.{}.{}".format(*sys.version_info[:3])
    versions.update(_torch_built_for(locations.get("torch")))
    return {
        "versions": versions,
        "locations": locations,
        "troubles": troubles + _interrupted(locations),
        "include": sysconfig.get_paths()["include"],
        "abi": "py{}{}{}".format(*sys.version_info[:2], getattr(sys, "abiflags", "")),
    }


def _distributions(name: str) -> list[tuple[str, str]]:
    """The version and folder of every copy on the path, the one in use first."""
    found: dict[str, str] = {}
    for item in metadata.distributions(name=name):
        folder = os.path.realpath(str(item.locate_file("")))
        try:
            version = item.metadata["Version"] or ""
        except Exception:  # noqa: BLE001 - metadata of any kind of brokenness
            version = ""
        found.setdefault(folder, version)
    return [(version, folder) for folder, version in found.items()]


def _place(module: str) -> str:
    """The folder of a module. Finding it runs none of its code."""
    try:
        spec = find_spec(module) if module else None
    except (ImportError, ValueError):
        return ""
    if spec is None:
        return ""
    places = list(spec.submodule_search_locations or ())
    return places[0] if places else os.path.dirname(spec.origin or "")  # noqa: PTH120


def _wrong(
    name: str, module: str, found: list[tuple[str, str]], place: str
) -> list[tuple[str, str]]:
    """Kinds of trouble: ``files``, ``metadata``, ``leftover``, ``twice``."""
    if not found:
        bare = name in ESSENTIAL and place and not _has(place, "__init__.py")
        return [("leftover", place)] if bare else []
    wrong = []
    if not found[0][0]:
        wrong.append(("metadata", found[0][1]))
    if module and not place:
        wrong.append(("files", found[0][1]))
    if place and name in ESSENTIAL:
        gone = [item for item in ("__init__.py", *ESSENTIAL[name]) if not _has(place, item)]
        if gone:
            wrong.append(("files", os.path.join(place, gone[0])))  # noqa: PTH118
    versions = {version for version, _ in found}
    if len(found) > 1 and len(versions) > 1:
        copies = ["{} in {}".format(*copy) for copy in found]
        wrong.append(("twice", ", ".join(copies)))
    return wrong


def _has(folder: str, name: str) -> bool:
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names, not paths
    except OSError:
        return False
    return name in names or ("." not in name and any(n.startswith(name + ".") for n in names))


def _interrupted(locations: dict[str, str]) -> list[list[str]]:
    """What pip leaves behind when it is killed while it replaces a package: ``~orch``."""
    found = []
    for folder in sorted({os.path.dirname(place) for place in locations.values()}):  # noqa: PTH120
        try:
            names = sorted(os.listdir(folder))  # noqa: PTH208 - names, not paths
        except OSError:
            continue
        for name in locations:
            left = "~" + MODULES[name][1:]
            hits = [item for item in names if item == left or item.startswith(left + "-")]
            found += [[name, "interrupted", os.path.join(folder, hits[0])]] if hits else []  # noqa: PTH118
    return found


def _torch_built_for(place: str | None) -> dict[str, str]:
    """``torch.cuda`` and ``torch.hip`` from torch/version.py; absent where it has none."""
    try:
        text = (Path(place or "/nowhere") / "version.py").read_text("utf-8", "replace")
    except OSError:
        return {}
    built = {}
    for key, name in (("cuda", "torch.cuda"), ("hip", "torch.hip")):
        if found := _assigned(key, text):
            built[name] = found
    if found := _assigned("__version__", text):
        built["torch.version"] = found
    return built


def _assigned(name: str, text: str) -> str:
    """The text that a module gives to one of its names."""
    pattern = rf"^{name}\b[^=\n]*= *['\"]([^'\"\n]+)['\"]"
    match = re.search(pattern, text, re.MULTILINE)
    return match.group(1) if match else ""


if __name__ == "__main__":
    del sys.path[0]
    print(json.dumps(gather()))  # noqa: T201 - the answer
