"""Which files beside the logs tell about a job, and what kind each one is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dsdoctor.errors import SourceError
from dsdoctor.logs.compression import open_log

Kind = Literal[
    "log", "error-json", "kernel", "nvidia-smi", "flight-recorder", "py-spy", "other"
]
HEAD_BYTES = 1024

_ENDING = r"(?:\.(?:gz|xz|bz2|zst))?$"
_ERROR_JSON = re.compile(rf"(?i)^(?:.{{0,80}}[._-])?errors?(?:[._-].{{0,80}})?\.json{_ENDING}")
_KERNEL = re.compile(
    r"(?i)^(?:.{0,80}[._-])?(?:dmesg|kern(?:el)?|kmsg|journal(?:ctl)?|syslog|messages)"
    rf"(?:[._-].{{0,80}})?{_ENDING}"
)
_SMI = re.compile(rf"(?i)^(?:.{{0,80}}[._-])?nvidia[._-]?smi(?:[._-].{{0,80}})?{_ENDING}")
_RECORDER = re.compile(
    r"(?i)^(?:fr|.{0,80}(?:nccl|comm_lib)_trace_rank|.{0,80}flight[._-]?recorder)(?:[._-].{0,80})?$"
    rf"|^.{{0,80}}fr[._-](?:trace|dump|rank)"
)
_PY_SPY = re.compile(rf"(?i)^(?:.{{0,80}}[._-])?py[._-]?spy(?:[._-]?.{{0,80}})?{_ENDING}")
_SOURCE_CODE = re.compile(r"(?i)\.(?:py|pyc|ipynb|cpp|cu|h|sh|md|html?|ya?ml|svg|png|so)$")
_HOST = re.compile(
    r"(?i)(?:^|[._-])(?P<host>(?:node|host|worker|gpu|dgx|compute)[a-z]{0,10}[-_]?\d[\w-]{0,60})(?=[.]|$)"
)

_KERNEL_LINE = re.compile(
    rb"(?m)^(?:<\d{1,3}>|kern {0,5}:\w{3,6} {0,3}: )?(?:\[ {0,6}\+?\d{1,9}\.\d{6}\]"
    rb"|\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\]"
    rb"|\[[A-Z][a-z]{2} ?\d{1,2} \d\d:\d\d\]|.{15,60}? kernel: ?)"
)
_PY_SPY_HEAD = re.compile(rb"(?m)^Process \d+: .*\n(?:Python v|.*\nPython v)|^Thread (?:0x)?[0-9A-Fa-f]+ \(")
_TRACE = re.compile(rb'"(?:pg_config|nccl_version|comm_lib_version|entries)"')


@dataclass(frozen=True, slots=True)
class Witness:
    """A file that is no log of the job, and what kind of file it is."""

    path: Path
    kind: Kind


def is_witness_name(name: str) -> bool:
    """May a file of this name (without its folder) be a witness? Cheap: the name only."""
    patterns = (_ERROR_JSON, _KERNEL, _SMI, _RECORDER, _PY_SPY)
    return not _SOURCE_CODE.search(name) and any(pattern.match(name) for pattern in patterns)


def kind_of(path: Path, head: bytes) -> Kind:
    """What kind of file it is.

    Args:
        path: its name decides first; only a name that promises a witness is looked into.
        head: its first bytes, decompressed. A kernel log, a table of nvidia-smi and the like may
            stand at the start of a job's own log, which stays a log.
    """
    name = path.name
    if _looks_like_dump(path, head):
        return "flight-recorder"
    if _SMI.match(name) and (b"NVSMI LOG" in head or b"| NVIDIA-SMI " in head):
        return "nvidia-smi"
    if _ERROR_JSON.match(name) and head.lstrip()[:1] == b"{":
        return "error-json"
    if _PY_SPY.match(name) and _PY_SPY_HEAD.search(head):
        return "py-spy"
    if b"\0" in head.rstrip(b"\0") and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "log" if _KERNEL.match(name) else "other"
    lines = len(_KERNEL_LINE.findall(head))
    if lines > (0 if _KERNEL.match(name) else 0.8 * max(3, head.count(b"\n"))):
        return "kernel"
    return "other" if name.lower().endswith((".json", ".pkl", ".pickle")) else "log"


def head_of(path: Path) -> bytes:
    """The first bytes, decompressed; empty if the file cannot be read or is no plain file."""
    try:
        if not path.is_file():
            return b""
        with open_log(path) as stream:
            return stream.read(HEAD_BYTES)
    except (SourceError, OSError, EOFError, ValueError):
        return b""
    except Exception:  # noqa: BLE001 - each codec has its own way to say "damaged"
        return b""


def sorted_out(paths: Iterable[Path]) -> tuple[list[Path], list[Witness]]:
    """Part the logs from the witnesses among files found by their names.

    Only files whose name promises a witness are opened, and of them the first ``HEAD_BYTES``.
    What turns out to be neither is left out.
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
    """The host that a file name such as ``dmesg-node7.txt`` or its folder names."""
    for part in (path.name, path.parent.name):
        if match := _HOST.search(part):
            return match["host"]
    return None
