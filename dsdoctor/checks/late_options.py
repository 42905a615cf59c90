"""Values inside of blocks that nobody checks when the file is read, and that fail later.

Read from deepspeed 0.19.8 runtime/engine.py (get_data_types), runtime/torch_autocast.py,
profiling/flops_profiler/profiler.py, runtime/swap_tensor/aio_config.py; each was tried, but for
the aio numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dsdoctor.checks.late_values import is_number, late_problem
from dsdoctor.checks.modes import NAMES, autocast, mode
from dsdoctor.checks.patches import put
from dsdoctor.checks.problem import Check, Fix, Problem
from dsdoctor.checks.written import Written, written_keys
from dsdoctor.job.place import Path
from dsdoctor.job.resolve import enabled, offload_device
from dsdoctor.job.spec import JobSpec
from dsdoctor.model import Severity

DTYPES: tuple[Path, ...] = (
    ("data_types", "grad_accum_dtype"),
    ("data_types", "param_dtype"),
    ("data_types", "buffer_dtype"),
)


def data_type_names(spec: JobSpec) -> Iterator[Problem]:
    """The names in ``data_types`` are looked up at initialize, in lower case only."""
    for item in written_keys(spec):
        known = item.value is None or (isinstance(item.value, str) and item.value in NAMES)
        if item.known in DTYPES and not known:
            cast = mode(spec, "fp16") is True or mode(spec, "bf16") is True
            unread = item.known[-1] == "buffer_dtype" and not cast
            yield late_problem("DSP013", item, Severity.WARNING if unread else None)


NUMBERS = ("int", "float")


def profiler_numbers(spec: JobSpec) -> Iterator[Problem]:
    """The flops profiler counts and compares with its options once it runs."""
    if enabled(spec, "flops_profiler") is not True:
        return
    for item in written_keys(spec):
        if item.known[:-1] == ("flops_profiler",) and not _fits_profiler(item):
            yield late_problem("DSC082", item)


def _fits_profiler(item: Written) -> bool:
    if item.known[-1] == "output_file":
        return item.value is None or isinstance(item.value, str)
    whole = item.known[-1] in ("module_depth", "top_modules")
    fits = is_number(item.value) and not (whole and isinstance(item.value, float))
    return item.key.type not in NUMBERS or fits


def autocast_modules(spec: JobSpec) -> Iterator[Problem]:
    """A name instead of a list of names is read letter by letter."""
    path = ("torch_autocast", "lower_precision_safe_modules")
    if not autocast(spec):
        return
    for item in written_keys(spec):
        if item.known == path and isinstance(item.value, str) and item.value:
            fix = Fix("Make a list of it", put(path, [item.value]), safe=True)
            yield replace(late_problem("DSP013", item), fixes=(fix,))


UNCHECKED = ("aio", "activation_checkpointing", "autotuning", "data_efficiency", "pipeline")


def unchecked_numbers(spec: JobSpec) -> Iterator[Problem]:
    """Numbers in blocks that are kept as they are until somebody uses them; switches of aio."""
    for item in written_keys(spec):
        in_block = item.known[0] in UNCHECKED or item.known[:2] == ("checkpoint", "writer")
        switch = item.key.type == "bool" and _aio_used(spec, item) is not None
        if not in_block or not (item.key.type in NUMBERS or switch) or item.key.checked:
            continue
        if isinstance(item.value, (str, list, dict)) and len(item.known) > 1:
            yield late_problem("DSC086", item, Severity.ERROR if _aio_used(spec, item) else None)


def _aio_used(spec: JobSpec, item: Written) -> bool:
    return item.known[0] == "aio" and "nvme" in (
        offload_device(spec, "optimizer"),
        offload_device(spec, "param"),
    )


CHECKS: tuple[Check, ...] = (
    data_type_names,
    autocast_modules,
    profiler_numbers,
    unchecked_numbers,
)
