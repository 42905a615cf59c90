"""The GPUs of this machine as NVIDIA's driver (NVML) tells of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from threading import Lock
from typing import Any, Protocol

import msgspec

from dsdoctor.probes.child import ask_child
from dsdoctor.probes.clients.unavailable import Unavailable

CHILD = "dsdoctor.probes.clients.nvml_child"
NO_BINDING = "the package nvidia-ml-py is not installed beside dsdoctor: pip install nvidia-ml-py"
TIMEOUT = 40.0
"""Seconds for all questions. Without persistence mode the driver wakes each GPU up first, which
takes seconds apiece: eight healthy ones must not pass for a driver that hangs."""


class Mark(str, Enum):
    """What stands where a value would: why the driver did not tell it."""

    UNSUPPORTED = "unsupported"
    NO_PERMISSION = "no permission"
    LOST = "lost"
    RESET = "reset required"
    FAILED = "failed"


class Trouble(str, Enum):
    """Why the driver as a whole says nothing."""

    NO_LIBRARY = "no library"
    NO_BINDING = "no binding"
    NOT_LOADED = "not loaded"
    MISMATCH = "mismatch"
    NO_PERMISSION = "no permission"
    FAILED = "failed"
    HUNG = "hung"


class NoDriver(Unavailable):
    """This machine has no NVIDIA driver at all, as most machines have."""


@dataclass(frozen=True, slots=True)
class GpuMemory:
    """Bytes. ``used`` is held by processes; the driver's own part is ``reserved``."""

    total: int
    used: int
    reserved: int


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """A process with a context on the GPU.

    ``name`` and ``user`` are empty where the process belongs to another container. ``computes``
    is false for one that only draws.
    """

    pid: int
    name: str
    user: str
    memory: int | Mark
    computes: bool = True


@dataclass(frozen=True, slots=True)
class Link:
    """The PCIe link. ``*_max`` is what card and slot reach together, ``card_*`` the card alone."""

    generation: int | Mark
    generation_max: int | Mark
    card_generation_max: int | Mark
    width: int | Mark
    width_max: int | Mark


@dataclass(frozen=True, slots=True)
class Remapped:
    """Rows of memory that were replaced, and whether a replacement waits or failed."""

    correctable: int
    uncorrectable: int
    pending: bool
    failed: bool


@dataclass(frozen=True, slots=True)
class Fabric:
    """The GPU's place in the NVSwitch fabric, in NVML's numbers."""

    state: int
    status: int
    health: int


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU. ``index`` is NVML's, ``bus`` as ``logs.pci`` spells it.

    ``mark`` says that nothing can be read, because the GPU is lost or needs a reset.
    ``ecc_now`` counts uncorrectable errors since the driver was loaded, ``ecc_ever`` in its life.
    ``slow`` holds NVML's bits of reasons for lower clocks. ``nvlinks`` are the links that the
    card has, True where one is up.
    """

    index: int
    uuid: str = ""
    name: str = ""
    bus: str = ""
    mark: Mark | None = None
    capability: tuple[int, int] | None = None
    memory: GpuMemory | Mark = Mark.UNSUPPORTED
    processes: tuple[GpuProcess, ...] | Mark = Mark.UNSUPPORTED
    link: Link | None = None
    nvlinks: tuple[bool, ...] | Mark = Mark.UNSUPPORTED
    fabric: Fabric | Mark = Mark.UNSUPPORTED
    ecc_now: int | Mark = Mark.UNSUPPORTED
    ecc_ever: int | Mark = Mark.UNSUPPORTED
    remapped: Remapped | Mark = Mark.UNSUPPORTED
    retired_pending: bool | Mark = Mark.UNSUPPORTED
    recovery: int | Mark = Mark.UNSUPPORTED
    slow: int | Mark = Mark.UNSUPPORTED
    temperature: int | Mark = Mark.UNSUPPORTED
    compute_mode: int | Mark = Mark.UNSUPPORTED
    persistence: bool | Mark = Mark.UNSUPPORTED
    mig: bool | Mark = Mark.UNSUPPORTED
    mig_uuids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two GPUs. ``read`` and ``write`` are NVML's states of peer access, ``level`` how far apart
    they sit: NVML's topology level.
    """

    first: int
    second: int
    read: int | Mark
    write: int | Mark
    level: int | Mark


@dataclass(frozen=True, slots=True)
class Inventory:
    """What the driver says. With ``trouble`` it says nothing else; ``detail`` is its own word."""

    driver: str = ""
    cuda: tuple[int, int] | Mark = Mark.UNSUPPORTED
    gpus: tuple[Gpu, ...] = ()
    pairs: tuple[Pair, ...] = ()
    trouble: Trouble | None = None
    detail: str = ""


class Gpus(Protocol):
    """What probes may ask of the driver."""

    def inventory(self) -> Inventory:
        """Everything, gathered once.

        Raises:
            NoDriver: there is no NVIDIA driver.
            Unavailable: nobody could be asked.
        """


class NvmlGpus:
    """NVML in a child process. All probes share the one answer.

    Args:
        timeout: seconds after which the driver counts as hung.
    """

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._lock = Lock()
        self._answer: Inventory | Unavailable | None = None

    def inventory(self) -> Inventory:
        """Asks the driver at the first call; later ones, from any thread, get the same."""
        with self._lock:
            if self._answer is None:
                self._answer = self._asked()
        if isinstance(self._answer, Unavailable):
            raise type(self._answer)(*self._answer.args)
        return self._answer

    def _asked(self) -> Inventory | Unavailable:
        started = time.monotonic()
        try:
            return read_answer(ask_child(CHILD, {}, self._timeout))
        except Unavailable as error:
            if time.monotonic() - started >= self._timeout:
                return Inventory(trouble=Trouble.HUNG, detail=str(error))
            return error


def read_answer(answer: Any) -> Inventory:
    """The child's JSON as an inventory.

    Raises:
        NoDriver, Unavailable: it says that there is nothing to tell.
    """
    try:
        inventory = msgspec.convert(answer, Inventory)
    except msgspec.ValidationError as error:
        raise Unavailable(f"an answer that makes no sense: {error}") from None
    if inventory.trouble is Trouble.NO_LIBRARY:
        raise NoDriver("no NVIDIA driver here")
    if inventory.trouble is Trouble.NO_BINDING:
        raise Unavailable(NO_BINDING)
    return inventory
