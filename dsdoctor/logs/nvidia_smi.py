"""Reads what ``nvidia-smi -q`` or plain ``nvidia-smi`` printed into a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dsdoctor.errors import SourceError
from dsdoctor.logs.clean import clean
from dsdoctor.logs.compression import codec_errors, open_log
from dsdoctor.logs.gpu_state import Gpu
from dsdoctor.logs.nvidia_smi_query import QueryParser
from dsdoctor.logs.nvidia_smi_table import TableParser

MAX_BYTES = 8 << 20
"""Some 70 snapshots of a node with eight GPUs; ``nvidia-smi -l`` can go on for days."""
MAX_GPUS = 1_024


@dataclass(frozen=True, slots=True)
class GpuReport:
    """The GPUs that a file tells of, and what was wrong with the file."""

    gpus: tuple[Gpu, ...] = ()
    notes: tuple[str, ...] = ()
    lines: int = 0


def read_nvidia_smi(path: Path) -> GpuReport:
    """Read a file; what cannot be read becomes a note."""
    try:
        with open_log(path) as stream:
            data = stream.read(MAX_BYTES + 1)
    except SourceError as error:
        return GpuReport(notes=(str(error),))
    except codec_errors() as error:
        return GpuReport(notes=(f"{path}: damaged or cut: {type(error).__name__}: {error}",))
    report = parse_nvidia_smi(data[:MAX_BYTES])
    notes = []
    if len(data) > MAX_BYTES:
        notes.append(f"{path}: only its first {MAX_BYTES >> 20} MiB were read")
    if not report.gpus:
        notes.append(f"{path}: no GPU in it as nvidia-smi prints them")
    return GpuReport(report.gpus, tuple(notes), report.lines)


def parse_nvidia_smi(data: bytes) -> GpuReport:
    """Read the text of both outputs; of several snapshots the facts add up."""
    gpus: dict[str, Gpu] = {}
    query, table = QueryParser(gpus), TableParser(gpus)
    number = 0
    for number, raw in enumerate(data.splitlines(), 1):
        text = clean(raw)
        if len(gpus) > MAX_GPUS:
            break
        (table if text.startswith("|") else query).feed(number, text)
    return GpuReport(tuple(gpus.values()), (), number)
