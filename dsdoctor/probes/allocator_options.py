"""Reads PYTORCH_CUDA_ALLOC_CONF as torch's allocator does, as far as that can be said for sure."""

from __future__ import annotations

import re

VARIABLES = ("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF")
_BOOLEAN = (
    "expandable_segments",
    "pinned_use_background_threads",
    "pinned_use_cuda_host_register",
    "pinned_use_hip_host_register",
    "release_lock_on_cudamalloc",
    "release_lock_on_hipmalloc",
    "graph_capture_record_stream_reuse",
)
_SIZES = ("max_split_size_mb", "max_non_split_rounding_mb")
_OTHER = (
    "garbage_collection_threshold",
    "roundup_power2_divisions",
    "roundup_bypass_threshold_mb",
    "backend",
    "pinned_num_register_threads",
    "pinned_reserve_segment_size_mb",
    "pinned_max_round_threshold_mb",
    "pinned_max_cached_size_mb",
    "pinned_free_catch_all",
    "per_process_memory_fraction",
    "large_segment_size_mb",
    "throw_on_cudamalloc_oom",
)
OPTIONS = frozenset((*_BOOLEAN, *_SIZES, *_OTHER))
SMALLEST_SPLIT = 20
"""MiB: a large buffer of the allocator."""


def problem_of(value: str) -> str:
    """What torch would refuse, in words; empty if it reads it, or nobody can tell."""
    plain = re.sub(r"\[[^\]]*\]", "[]", value.replace(" ", ""))
    for item in plain.split(","):
        name, colon, given = item.partition(":")
        if problem := _of_option(name, colon, given):
            return problem
    return ""


def _of_option(name: str, colon: str, given: str) -> str:
    if not name:
        return ""
    if not colon:
        return f"'{name[:60]}' is not of the form name:value"
    if name not in OPTIONS:
        return "" if name.startswith("pinned_") else f"there is no option '{name[:60]}'"
    if name in _BOOLEAN and given not in ("True", "False"):
        return f"{name} takes True or False, not '{given[:20]}'"
    if name in _SIZES:
        return _of_size(name, given)
    return "" if given else f"{name} has no value"


def _of_size(name: str, given: str) -> str:
    """Of ``64.5`` torch reads the 64."""
    number = re.match(r"\d{1,12}", given)
    if not number or ":" in given:
        return f"{name} takes a number, not '{given[:20]}'"
    if int(number[0]) < SMALLEST_SPLIT:
        return f"{name} must be {SMALLEST_SPLIT} or more"
    return ""
