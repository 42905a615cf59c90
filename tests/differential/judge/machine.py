"""Takes this machine out of the judgement: what it lacks is no fault of a configuration.

fp16 is said to work, memory counts as pinned, and native kernels are stood in for by functions
that check the types of their arguments as pybind11 does and compute nothing: compiling them takes
minutes a kernel, and differs from machine to machine. ``native`` leaves the kernels as they are.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.metadata
import logging
import os
import warnings
from collections.abc import Callable
from typing import Any


def pretend(*, native: bool) -> dict[str, str]:
    """Import DeepSpeed and prepare it.

    Returns:
        The versions of what judges.
    """
    os.environ["DS_ACCELERATOR"] = "cpu"
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"):
        os.environ.pop(name, None)
    os.environ["TORCHDYNAMO_DISABLE"] = "1"  # a compiler would outlast any judge's patience
    os.environ["OMP_NUM_THREADS"] = "1"
    _remember_cpu()
    import deepspeed
    import torch

    torch.set_num_threads(1)  # a process that forks must not have a thread pool
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    _import_early()
    _pretend_gpu()
    if not native:
        _stand_in_for_kernels()
    gc.collect()
    gc.freeze()  # what was imported needs no looking at in every fork
    return {"deepspeed": deepspeed.__version__, "torch": importlib.metadata.version("torch")}


USED_LATER = (
    "torch._dynamo",
    "torch._inductor.compile_fx",
    "torch.testing._internal.distributed.fake_pg",
    "torch.utils.tensorboard",
    "deepspeed.runtime.zero.muon.muon_optimizer",
    "deepspeed.runtime.zero.stage_1_and_2",
    "deepspeed.runtime.zero.stage3",
    "deepspeed.runtime.zero.zenflow.zenflow_stage_1_and_2",
    "deepspeed.runtime.bf16_optimizer",
    "deepspeed.runtime.fp16.fused_optimizer",
    "deepspeed.runtime.fp16.unfused_optimizer",
    "deepspeed.runtime.swap_tensor.partitioned_param_swapper",
    "deepspeed.runtime.swap_tensor.partitioned_optimizer_swapper",
    "deepspeed.runtime.swap_tensor.pipelined_optimizer_swapper",
)
"""Modules that training imports late: each fork would do it anew, for seconds."""


def _import_early() -> None:
    for name in USED_LATER:
        with contextlib.suppress(ImportError):  # not in this version
            importlib.import_module(name)


def _remember_cpu() -> None:
    """Describing the CPU takes a second, and the CPU optimizers ask each time."""
    import cpuinfo

    found = cpuinfo.get_cpu_info()
    cpuinfo.get_cpu_info = lambda: found


def _pretend_gpu() -> None:
    import torch
    from deepspeed.accelerator import get_accelerator

    floats = [torch.float32, torch.float16, torch.bfloat16]
    accelerator = type(get_accelerator())
    accelerator.is_fp16_supported = lambda _self: True
    accelerator.supported_dtypes = lambda _self: floats
    accelerator.is_pinned = lambda _self, _tensor: True
    backend = importlib.import_module("deepspeed.comm.torch")
    backend.build_shm_op = lambda: None  # a CPU's collectives between processes
    import deepspeed.utils.numa as numa

    numa.get_numa_cores = lambda: [[0, 1]]  # older releases ask numactl, which may be missing


def _stand_in_for_kernels() -> None:
    from deepspeed.accelerator import get_accelerator
    from deepspeed.ops.op_builder.builder import OpBuilder

    accelerator = get_accelerator()
    names = ("AsyncIOBuilder", "GDSBuilder", "PinMemoryBuilder", "FusedLambBuilder")
    for builder in [OpBuilder, *(accelerator.get_op_builder(name) for name in names)]:
        builder.load = lambda _self, verbose=True: Kernels()  # noqa: ARG005
        builder.is_compatible = lambda _self, verbose=True: True  # noqa: ARG005


class Kernels:
    """A native module: every name is a function that takes numbers and tensors.

    ``watcher`` is told of each call.
    """

    watcher: Callable[[str, tuple[Any, ...]], None] | None = None

    def aio_handle(self, *arguments: Any, **named: Any) -> Storage:
        """Asynchronous input and output for swapping to NVMe."""
        _checked(arguments, named)
        return Storage()

    gds_handle = pin_handle = aio_handle

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments, **named: self._call(name, arguments, named)

    @staticmethod
    def _call(name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> int:
        answer = _checked(arguments, named)
        if Kernels.watcher is not None:
            Kernels.watcher(name, (*arguments, *named.values()))
        return answer


class Storage:
    """Says that everything was read and written."""

    def __init__(self) -> None:
        self.pending = 0

    def async_pread(self, *_: Any) -> int:
        """Accept one transfer."""
        self.pending += 1
        return 0

    async_pwrite = async_pread

    def sync_pread(self, *_: Any) -> int:
        """Pretend one transfer."""
        return 0

    sync_pwrite = sync_pread

    def wait(self) -> int:
        """How many transfers there were."""
        done, self.pending = self.pending, 0
        return done

    def is_pinned(self, *_: Any) -> bool:
        """All memory counts as pinned."""
        return True

    def new_cpu_locked_tensor(self, count: int, example: Any) -> Any:
        """Memory that is not really locked."""
        import torch

        return torch.empty(int(count), dtype=example.dtype)

    def free_cpu_locked_tensor(self, *_: Any) -> bool:
        """Nothing was locked."""
        return True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments, **named: _checked(arguments, named)


def _checked(arguments: tuple[Any, ...], named: dict[str, Any]) -> int:
    """Refuse what a native function refuses: words, lists and nothing where a number is due.

    The lists of tensors of multi_tensor_adam and its kin stand in the third place.
    """
    numbers = (*arguments[:2], *arguments[3:], *named.values())
    third = arguments[2:3]
    if third and not _are_tensors(third[0]):
        numbers += third
    for value in numbers:
        if value is None or isinstance(value, (str, dict, list, tuple)):
            raise TypeError(f"incompatible function arguments: {value!r}")
    return 0


def _are_tensors(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, list) for one in value)
