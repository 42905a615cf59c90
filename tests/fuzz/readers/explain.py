"""From one to three logs to the verdict, and that in every format."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator

from dsdoctor.cli.formats import RENDERERS, rendered
from dsdoctor.diagnosis.explain import explain
from dsdoctor.diagnosis.material import Material
from dsdoctor.logs.filename import origin_of_name
from dsdoctor.model import Report
from tests.fuzz.guard import assert_plain
from tests.fuzz.readers.common import pack, record_of
from tests.fuzz.readers.log import log_of
from tests.fuzz.readers.log import seeds as log_seeds
from tests.fuzz.target import Target
from tests.fuzz.words import anchors

NAMES = ("job.log", "logs/rank_1.log", "logs/node-2.log")
BETWEEN = b"\xff\xfd"
ALL_FORMATS_ONE_IN = 16


def run(data: bytes) -> None:
    """Explain the logs; what is shown is plain."""
    logs = data.split(BETWEEN, len(NAMES) - 1)
    records = [
        record_of(log_of(log), name, origin_of_name(name))
        for log, name in zip(logs, NAMES, strict=False)
    ]
    show(explain(Material(records), pack()), data)


def show(report: Report, data: bytes) -> None:
    """Render the report as text and JSON, and for some inputs in all other formats."""
    assert_plain(rendered(report, "text", verbose=True))
    json.loads(rendered(report, "json", verbose=False))
    if zlib.crc32(data) % ALL_FORMATS_ONE_IN == 1:
        for name in RENDERERS:
            rendered(report, name, verbose=False).encode()


def seeds() -> Iterator[bytes]:
    """Single logs, and the same twice: as the main log and as that of a rank."""
    for number, data in enumerate(log_seeds()):
        yield data
        if number % 5 == 0:
            yield data[:190] + BETWEEN + data[:190]


TARGET = Target("explain", run, seeds, anchors, 384)
