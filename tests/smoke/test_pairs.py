"""Failures and their fixes: each is reproduced, then fixed, by real training."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

from benchmarks.smoke_pairs import PROVEN, Pair, read_pairs, smoke

NEEDED = [name for name in ("torch", "deepspeed") if importlib.util.find_spec(name) is None]
DEVICE = "cuda" if Path("/dev/nvidia0").exists() else "cpu"
QUICK = ("--launcher", "torchrun", "--gpus", "1", "--steps", "4")
"""One rank is enough to see a configuration refused, but for pairs that speak of more."""

pytestmark = [
    pytest.mark.skipif(bool(NEEDED), reason=f"not installed: {', '.join(NEEDED)}"),
    pytest.mark.skipif(shutil.which("g++") is None, reason="no g++ for DeepSpeed's op builds"),
]


@pytest.mark.parametrize("pair", read_pairs(), ids=lambda pair: pair.slug)
def test_it_is_reproduced_then_fixed(pair: Pair) -> None:
    if not pair.runs_on(DEVICE):
        pytest.skip(f"it needs {'a GPU' if DEVICE == 'cpu' else 'a machine without GPUs'}")
    if pair.long and not os.environ.get("DSDOCTOR_LONG"):
        pytest.skip("takes CI too long: set DSDOCTOR_LONG=1")
    options = QUICK if pair.ranks < 2 else (*QUICK[:2], "--gpus", str(pair.ranks), *QUICK[4:])
    report = smoke(pair, sys.executable, options)
    before = report["smoke"]["comparison"]["before"]
    assert report["smoke"]["outcome"] == PROVEN, report["smoke"]["comparison"]
    assert (before["code"] or "") == pair.code
