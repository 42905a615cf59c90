"""What nvidia-smi prints, long and as a table."""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.diagnosis.gpu_findings import findings_of
from dsdoctor.logs.nvidia_smi import parse_nvidia_smi
from tests.fuzz.choices import Choices
from tests.fuzz.readers.common import ROOT, files, pack, plain_seeds
from tests.fuzz.readers.log_lines import bent
from tests.fuzz.target import Target

CAPTURED = tuple(
    line
    for data in files("nvidia-smi*.txt", below=ROOT / "tests/data/witness")
    for line in data.splitlines()
)


def run(data: bytes) -> None:
    """Read it, and find what is wrong with the GPUs."""
    text = data[1:] if data[:1] == b"\0" else _written(Choices(data[1:]))
    report = parse_nvidia_smi(text)
    findings_of(report.gpus, "nvidia-smi.txt", pack(), frozenset({4312}))


def _written(choices: Choices) -> bytes:
    """Captured lines from any place to any place."""
    lines: list[bytes] = []
    while choices and len(lines) < 40:
        at = choices.number(len(CAPTURED))
        lines += CAPTURED[at : at + choices.number(12)]
        lines.append(bent(choices.pick(CAPTURED), choices))
    return b"\n".join(lines)


def seeds() -> Iterator[bytes]:
    """The captured outputs in pieces."""
    yield from plain_seeds(files("nvidia-smi*.txt", below=ROOT / "tests/data/witness"), 383)


TARGET = Target("nvidia-smi", run, seeds, lambda: ["MiB", "N/A", "ERR!", "Unknown Error"], 384)
