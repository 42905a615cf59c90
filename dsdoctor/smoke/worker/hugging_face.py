"""What the Trainer and Accelerate need on a CPU to train with DeepSpeed there."""

from __future__ import annotations

import os

import deepspeed


def join_on_cpu() -> None:
    """Join the ranks through DeepSpeed, before Accelerate does it without.

    Otherwise zero.Init counts one rank. And told by the launcher to use the CPU, Accelerate
    trains with DDP in place of DeepSpeed: only its first state may be told.
    """
    os.environ.pop("ACCELERATE_USE_CPU", None)
    deepspeed.init_distributed()
