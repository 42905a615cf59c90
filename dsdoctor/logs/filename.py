"""What the name and place of a log file tell about who wrote it."""

from __future__ import annotations

import re

from dsdoctor.model import Origin

_HOST = r"(?:node|host|worker|gpu)[-_]?\d[\w-]*"
_PATTERNS: tuple[re.Pattern[str], ...] = (
    # torchrun --log-dir: <run id>/attempt_0/3/stderr.log holds one local rank
    re.compile(r"attempt_\d+/(?P<local_rank>\d+)/std(?:out|err)\.log"),
    # a folder of its own for each host: --log-dir logs/node-2
    re.compile(rf"(?:^|/)(?P<host>{_HOST})/(?:[^/]+/)?attempt_\d+/"),
    # DeepSpeed --enable_each_rank_log: 01_31_10_00_00_rank3.log; common: rank_3.log, rank-3.out
    re.compile(r"(?:^|[/_.-])rank[_.-]?(?P<rank>\d{1,6})(?=[._-][^/]*$|$)"),
    # a folder of its own for each rank; a folder such as "rank1-test" names a run, not a writer
    re.compile(r"(?:^|/)rank[_-]?(?P<rank>\d{1,6})/[^/]+$"),
    # Slurm: slurm-77_3.out is task 3 of an array job or, with %t, of the step
    re.compile(r"slurm-\d+_(?P<rank>\d{1,6})\.(?:out|err|log)"),
    # one file a host: node-7.log, worker-2.txt
    re.compile(rf"(?:^|/)(?P<host>{_HOST})\.(?:log|out|err|txt)"),
)


def origin_of_name(path: str) -> Origin:
    """The origin that ``path`` (with forward slashes) names, or an empty one."""
    found: dict[str, str] = {}
    for pattern in _PATTERNS:
        if match := pattern.search(path):
            found |= match.groupdict()
    return Origin(
        rank=int(found["rank"]) if "rank" in found else None,
        local_rank=int(found["local_rank"]) if "local_rank" in found else None,
        host=found.get("host"),
    )
