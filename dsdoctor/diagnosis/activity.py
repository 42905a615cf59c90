"""What a Python stack, as py-spy prints it, says its process is doing."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import PurePosixPath

from dsdoctor.diagnosis.frames import is_users
from dsdoctor.model import Frame

BUILDING = "compiles an op"
LOCKED = "waits for the lock of an op build"
LOADING_DATA = "waits for its data loader"

_OPERATIONS = (
    r"\w*all_?reduce\w*|\w*all_?gather\w*|\w*reduce_scatter\w*|\w*barrier\w*|\w*broadcast\w*"
    r"|\w*all_?to_?all\w*|_?reduce|gather\w*|scatter\w*|send\w*|recv\w*|wait\w*|synchronize"
    r"|new_group|init_process_group|_rendezvous\w*"
)
_WAITING = re.compile(
    rf"torch/distributed/\S*\.py (?:\S*\.)?(?:{_OPERATIONS})\n"
    r"|deepspeed/comm/\S+ \S+\n"
    r"|torch/cuda/(?:__init__|streams)\.py (?:\S*\.)?synchronize\n"
)
_DOING: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        (BUILDING, r"cpp_extension\.py (?:_run_ninja_build|_write_ninja_file\w*)\n"),
        (LOCKED, r"file_baton\.py (?:FileBaton\.)?wait\n"),
        ("stops in a debugger", r"(?:^|[\n/])[pb]db\.py \S+\n"),
        (
            "saves a checkpoint",
            r"[ ._]save_(?:16bit|checkpoint|fp16|model|optimizer|pretrained|state|to)\w*\n"
            r"|torch/serialization\.py save\n",
        ),
        (
            "loads a checkpoint",
            r"[ ._]load_(?:checkpoint|state_dict|universal)\w*\n|torch/serialization\.py load\n",
        ),
        ("downloads", r"huggingface_hub/|urllib3/|(?:^|\n)ssl\.py "),
        ("prepares a dataset", r"datasets/\S+\.py \S*(?:map|_map_single|load_dataset|filter)\n"),
        ("compiles kernels", r"torch/_(?:dynamo|inductor)/|triton/(?:compiler|backends)/"),
        ("generates text", r"generation/utils\.py \S*generate\n"),
        ("evaluates", r"trainer\.py \S*(?:evaluation_loop|evaluate)\n"),
        (LOADING_DATA, r"torch/utils/data/(?:dataloader|_utils/\w+)\.py "),
    )
)
"""The first that fits counts."""


def doing(frames: Sequence[Frame]) -> str:
    """What the process does, in words; empty if the stack does not show it."""
    flat = _flat(frames)
    return next((name for name, pattern in _DOING if pattern.search(flat)), "")


def waits_for_all(frames: Sequence[Frame]) -> bool:
    """Is the process inside a collective, or waiting for its GPU to finish one?"""
    return bool(_WAITING.search(_flat(frames))) and doing(frames) not in (BUILDING, LOCKED)


def place(frames: Sequence[Frame]) -> str:
    """The innermost frame of the user's own code, else the innermost."""
    if not frames:
        return ""
    frame = next((item for item in frames if _is_own(item)), frames[0])
    return f"{frame.file}:{frame.line} in {frame.function}"


def _is_own(frame: Frame) -> bool:
    """py-spy cuts paths to what follows the import path, so the standard library has none."""
    first = PurePosixPath(frame.file).parts[:1]
    standard = bool(first) and first[0].removesuffix(".py") in sys.stdlib_module_names
    return is_users(frame) and not standard


def _flat(frames: Sequence[Frame]) -> str:
    """``file function``, a line each."""
    return "".join(f"{frame.file} {frame.function}\n" for frame in frames)
