"""Pins host memory step by step with the job's torch, and gives it back by ending.

Runs as a script under the job's Python: standard library and torch only, from 3.8 on.
"""

from __future__ import annotations

import importlib
import json
import sys

STEP = 256 << 20


def pin(target: int) -> dict[str, object]:
    """How many bytes of ``target`` could be pinned, and what torch said where it stopped."""
    try:
        torch = importlib.import_module("torch")
    except Exception as error:  # noqa: BLE001 - a torch of any kind of brokenness
        return {"skip": f"torch cannot be imported: {_line(error)}"}
    if not torch.cuda.is_available():
        return {"skip": "torch sees no GPU"}
    held, size = [], 0
    while size < target:
        step = min(STEP, target - size)
        try:
            held.append(torch.empty(step, dtype=torch.uint8, pin_memory=True))
        except Exception as error:  # noqa: BLE001 - RuntimeError or one of torch's own
            return {"pinned": size, "error": _line(error)}
        size += step
    return {"pinned": size, "error": ""}


def _line(error: Exception) -> str:
    """The first line; the rest is advice about CUDA_LAUNCH_BLOCKING."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


if __name__ == "__main__":
    del sys.path[0]
    print(json.dumps(pin(int(sys.argv[1]))))  # noqa: T201 - the answer
