"""The line prefixes of launchers, loggers and collectors, each with what it tells.

Group names are the fields of ``Origin`` and the parts of a time. The patterns are tried at the
start of what is left of a line, again and again, so nested prefixes peel off. They are sorted by
the kind of their first character, so that a line meets few of them.
"""

from __future__ import annotations

import re

_DATE = r"(?P<year>\d{4})[-/](?P<month>\d\d)[-/](?P<day>\d\d)"
_CLOCK = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?"
_LEVEL = r"(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL|FATAL|SUCCESS)"
_ZONE = r"(?:Z|[+-]\d\d:?\d\d)?"
_GLOG = rf"[EWIF](?P<month>\d\d?)(?P<day>\d\d) {_CLOCK}\s+(?:(?P<pid>\d+) )?(?=[\w./]+:\d+\])"
_FILE = r"[\w./-]+\.(?:py|cpp|cc|cu|cuh|h|hpp):\d+"
_MONTH = r"(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_WEEKDAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_HOST = r"(?P<host>[A-Za-z0-9][\w.-]{0,63})"
# a host name as pdsh prints it: with a digit, and with a dash or a dot unless it is a usual one
_PDSH = (
    r"(?!(?:python|bash)[\d.]|\S+\.(?:py|sh|cc?|cpp|cu|h|so|o|json|yaml):)"
    r"(?:(?=[a-z0-9.-]*\d)(?=[a-z0-9]*[-.])[a-z][a-z0-9.-]{1,60}"
    r"|(?:node|worker|host|gpu|compute|dgx)[a-z]*\d+)"
)

BRACKET: tuple[str, ...] = (
    # torch.distributed.run: "[rank3]: ", "[rank3]:[E419 ...", "[default3]:"
    r"\[rank(?P<rank>\d{1,6})\]:? ?",
    r"\[(?!rank)[A-Za-z][\w.-]{0,30}?(?P<local_rank>\d{1,3})\]:",
    # mpirun --tag-output
    r"\[\d+,(?P<rank>\d{1,6})\]<std(?:out|err|diag)>: ?",
    # glog as torch's C++ writes it, with a bracket before it
    rf"\[{_GLOG}",
    # DeepSpeed and logging: "[2026-01-31 10:00:00,123] [INFO] "; NCCL 2.27 on: without fraction
    rf"\[{_DATE}[ T]{_CLOCK}{_ZONE}\]\s?",
    rf"\[{_LEVEL}\]:?\s+",
    rf"\[{_LEVEL}\|{_FILE}\]\s(?:>>\s)?",
    rf"\[{_FILE}(?::\w+)?\]\s?",
    # the rank as DeepSpeed and ProcessGroupNCCL write it
    r"\[[Rr]ank[ :=](?P<rank>\d{1,6})\]:? ?",
    r"\[PG (?:ID )?\d+ [^\]]{0,80}?Rank (?P<rank>\d{1,6})\] ?",
    # older torch left date and time out: "[E ProcessGroupNCCL.cpp:474] "
    rf"\[[EWIF] {_FILE}\] ?",
    r"\[pod/(?P<host>[\w.-]+)/[\w.-]+\]\s",
    # dmesg: seconds since the boot (no time of day), perhaps with the thread; dmesg -T; dmesg -e
    r"\[ {0,6}\d{1,9}\.\d{6}\](?: ?\[ {0,6}[TC]\d{1,8}\])? (?=.)",
    rf"\[{_WEEKDAY} {_MONTH} {{1,2}}(?P<day>\d{{1,2}}) {_CLOCK} (?P<year>\d{{4}})\] ?",
    r"\[(?: {0,6}\+\d{1,6}\.\d{6}|[A-Z][a-z]{2} ?\d{1,2} \d\d:\d\d)\] (?=.)",
)

DIGIT: tuple[str, ...] = (
    # pdsh by address; srun -l
    r"(?P<host>\d{1,3}(?:\.\d{1,3}){3}): ?",
    r"\s{0,5}(?P<rank>\d{1,6}): ",
    # docker, kubectl, loguru, Slurm, Trainer: a bare time
    rf"{_DATE}[ T]{_CLOCK}{_ZONE}(?: \||:| -)?(?:\s(?:>>\s)?|$)",
    rf"(?P<month>\d\d)/(?P<day>\d\d)/(?P<year>\d{{4}}) {_CLOCK}(?: -)?\s",
)

LETTER: tuple[str, ...] = (
    rf"{_GLOG}",
    rf"{_FILE}\] ?",
    rf"{_LEVEL}\s*(?:\||-|:)\s?(?=\S)",
    # NCCL: "node7:4312:4398 [3] NCCL INFO "
    r"(?P<host>[A-Za-z0-9][\w.-]*):(?P<pid>\d+):\d+ \[(?P<local_rank>\d+)\] (?=\S)",
    # docker compose "worker-1  | ", pdsh "node-7: "
    r"(?P<host>[a-z][\w.-]{0,60}-\d{1,4})\s{1,10}\|\s?",
    # slurmstepd, where several slurmd share a machine
    rf"slurmstepd-{_HOST}: ",
    rf"(?P<host>{_PDSH}): ?",
    # syslog and journalctl: "Jan 31 10:00:00 node-1 kernel: ", "Sat 2026-01-31 10:00:00 CET ..."
    rf"{_MONTH} {{1,2}}(?P<day>\d{{1,2}}) {_CLOCK} {_HOST} [A-Za-z][\w./-]{{0,60}}(?:\[\d+\])?: ?",
    rf"{_WEEKDAY} {_DATE} {_CLOCK} [A-Z]{{3,4}} (?=[A-Za-z0-9])",
    rf"{_HOST} kernel: ?",
    # dmesg -x: "kern  :info  : "
    r"(?:kern|user|daemon|syslog) {0,5}:"
    r"(?:emerg|alert|crit|err|warn|notice|info|debug) {0,3}: (?=\S)",
)

OTHER: tuple[str, ...] = (
    # Ray: "(RayWorker pid=3112, ip=10.0.0.2) "
    r"\((?:[\w.:<>\[\] -]{1,80})pid=(?P<pid>\d+)(?:, ip=(?P<host>[\w.:-]+))?\)\s?",
    rf"\|\s{_LEVEL}\s+\|\s",
)


def _compiled(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in patterns)


_BRACKET, _DIGIT, _LETTER, _OTHER = map(_compiled, (BRACKET, DIGIT, LETTER, OTHER))


def prefixes_for(text: str) -> tuple[re.Pattern[str], ...]:
    """The patterns that could fit the start of ``text``."""
    first = text[:1]
    if first == "[":
        return _BRACKET
    if first.isalpha():
        return _LETTER
    if first.isdigit():
        return _DIGIT + _LETTER
    if first == " ":
        return _DIGIT if text[:6].strip()[:1].isdigit() else ()
    return _OTHER if first in "(|" else ()
