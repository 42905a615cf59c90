"""Which files beside the logs tell about a job, and what kind each one is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dsdoctor.logs.compression import open_log, reading_errors
from dsdoctor.logs.flight_recorder import looks_like_dump
from dsdoctor.logs.pyspy import looks_like_pyspy

Kind = Literal["log", "error-json", "kernel", "nvidia-smi", "flight-recorder", "py-spy", "other"]
HEAD_BYTES = 1024

_ZIPPED = r"(?:\.(?:gz|xz|bz2|zst))?$"


def _named(words: str, ending: str = "") -> re.Pattern[str]:
    """A name of these words, with anything before or after them that is set off."""
    around = r"[\w.,@=+-]{0,80}"
    return re.compile(rf"(?i)^(?:{around}[._-])?(?:{words})(?:[._-]{around})?{ending}{_ZIPPED}")


_ERROR_JSON = _named("errors?", r"\.json")
_KERNEL = _named("dmesg|kern(?:el)?|kmsg|journal(?:ctl)?|syslog")
_SMI = _named("nvidia[._-]?smi")
_PY_SPY = _named("py[._-]?spy")
_RECORDER = _named("fr|(?:nccl|comm_lib|fr)_trace(?:_rank)?(?:_?\\d+)?|flight[._-]?recorder")
_HINT = re.compile(
    r"(?i)error|dmesg|kern|kmsg|journal|syslog|nvidia|py.?spy|trace|flight|(?:^|[._-])fr[._-]"
)
_NEVER = re.compile(
    r"(?i)\.(?:py[cix]?|ipynb|cpp|cc?|cuh?|hpp?|s?o|sh|md|html?|ya?ml|toml|svg|png|ptx|cubin|jsonl"
    r"|csv|tsv|parquet|arrow|pt|pth|safetensors|npy|npz|xml|db|lock|ttgir|ttir|llir)$"
)
_LOG = re.compile(r"(?i)(?:\.(?:log|txt|out|err)(?:\.\d{1,3})?|^[^.]+)(?:\.(?:gz|xz|bz2|zst))?$")
_HOST = re.compile(
    r"(?i)(?:^|[._-])(?P<host>(?:node|host|worker|gpu|dgx|compute)[a-z]{0,10}[-_]?\d[\w-]{0,60})"
    r"(?=[.]|$)"
)

_KERNEL_LINE = re.compile(
    rb"(?m)^(?:<\d{1,3}>|(?:kern|user|daemon) {0,5}:\w{3,6} {0,3}: )?"
    rb"(?:\[ {0,6}\+?\d{1,9}\.\d{6}\]|.{12,60}? kernel: ?|\[[A-Z][a-z]{2} ?\d{1,2} \d\d:\d\d\]"
    rb"|\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\])"
)


@dataclass(frozen=True, slots=True)
class Witness:
    """A file that is no log of the job, and what kind of file it is."""

    path: Path
    kind: Kind


def is_witness_name(name: str) -> bool:
    """May a file of this name (without its folder) be a witness? It looks at nothing else."""
    if not _HINT.search(name) or _NEVER.search(name):
        return False
    return any(pattern.match(name) for pattern in (_ERROR_JSON, _KERNEL, _SMI, _RECORDER, _PY_SPY))


def kind_of(path: Path, head: bytes) -> Kind:
    """What kind of file it is.

    The name comes first: a job's own log may well begin with a table of nvidia-smi.

    Args:
        path: the file, which need not exist.
        head: its first bytes, decompressed; empty if there are none or they cannot be read.
    """
    name = path.name
    if _is_error_json(name, head):
        return "error-json"
    if looks_like_dump(path, head):
        return "flight-recorder"
    if _SMI.match(name) and (not head or b"NVSMI LOG" in head or b"NVIDIA-SMI " in head):
        # "NVIDIA-SMI has failed because ..." is a message that the rules know
        return "log" if b"NVIDIA-SMI has failed" in head else "nvidia-smi"
    if _PY_SPY.match(name) and (not head or looks_like_pyspy(head)):
        return "py-spy"
    if _is_kernel(name, head):
        return "kernel"
    return "log" if _LOG.search(name) and not _is_binary(head) else "other"


def _is_error_json(name: str, head: bytes) -> bool:
    """torchelastic's own name is enough; another one needs the key that it writes first."""
    if not _ERROR_JSON.match(name):
        return False
    return name == "error.json" or not head or b'"message"' in head


def _is_kernel(name: str, head: bytes) -> bool:
    """One line of the kernel's form if the name says so, else nearly all of them."""
    lines = len(_KERNEL_LINE.findall(head))
    if _KERNEL.match(name):
        return not head or lines > 0
    return lines >= max(3, head.count(b"\n")) and bool(_LOG.search(name))


def _is_binary(head: bytes) -> bool:
    """NUL bytes, unless it is the UTF-16 that PowerShell writes."""
    return b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff"))


def head_of(path: Path) -> bytes:
    """The first bytes, decompressed; empty if it is no plain file or cannot be read."""
    try:
        if not path.is_file():
            return b""
        with open_log(path) as stream:
            return stream.read(HEAD_BYTES)
    except reading_errors():
        return b""


def sorted_out(paths: Iterable[Path]) -> tuple[list[Path], list[Witness]]:
    """Part the logs from the witnesses, among files that were found by their names.

    Only files whose name promises a witness are opened, and of them the first ``HEAD_BYTES``.
    What turns out to be neither log nor witness is left out.
    """
    logs: list[Path] = []
    witnesses: list[Witness] = []
    for path in paths:
        kind = kind_of(path, head_of(path)) if is_witness_name(path.name) else "log"
        if kind == "log":
            logs.append(path)
        elif kind != "other":
            witnesses.append(Witness(path, kind))
    return logs, witnesses


def host_of(path: Path) -> str | None:
    """The host that a file name such as ``dmesg-node7.txt``, or else its folder, names."""
    for part in (path.name, path.parent.name):
        if match := _HOST.search(part):
            return match["host"]
    return None
