"""What other hosts send: documents of records and of probes, and the frame around them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from dsdoctor.diagnosis.explain import explain
from dsdoctor.diagnosis.material import Material
from dsdoctor.logs import travel
from dsdoctor.model import Outcome, ProbeResult
from dsdoctor.probes.hosts import parcel
from dsdoctor.transport.framing import Unframer, framed
from dsdoctor.transport.shared import taken_in
from tests.fuzz.choices import Choices
from tests.fuzz.guard import assert_plain
from tests.fuzz.json_trees import bent
from tests.fuzz.readers.common import pack, record_of
from tests.fuzz.readers.log import texts_of
from tests.fuzz.target import Target
from tests.fuzz.words import sample_logs

RECORDS, PROBES, FRAME, BENT_RECORDS, BENT_PROBES = range(5)


def run(data: bytes) -> None:
    """Open it; what is inside is plain, and can be explained."""
    kind, body = (data[0] % 5, data[1:]) if data else (0, b"")
    if kind in (BENT_RECORDS, BENT_PROBES):
        choices = Choices(body)
        body = bent(choices.pick(_documents() if kind == BENT_RECORDS else [_probes()]), choices)
    if kind == FRAME:
        _unframed(body)
    elif kind in (PROBES, BENT_PROBES):
        for result in parcel.unpack(body).results:
            assert_plain(result.summary + result.note)
    else:
        _records(body)


def _records(body: bytes) -> None:
    records = [taken_in(item, ["node-1"], pack()) for item in travel.unpack(body).records]
    for text in (text for record in records for text in texts_of(record)):
        assert_plain(text)
    explain(Material(records), pack())


def _unframed(body: bytes) -> None:
    reader = Unframer(1 << 20)
    for line in body.decode("utf-8", "replace").split("\n"):
        reader.feed(line)
    assert reader.document is None or len(reader.document) <= 1 << 20


@cache
def _documents() -> tuple[Any, ...]:
    """Documents of records, decoded."""
    logs = sample_logs()[::20]
    parcels = (travel.Parcel(records=(record_of(log.encode()[:600]),)) for log in logs)
    return tuple(json.loads(travel.pack_up(parcel)) for parcel in parcels)


@cache
def _probes() -> Any:
    probe = ProbeResult(
        "gpus", Outcome.OK, "8 x H100", facts={"gpus": ["H100"] * 2, "driver": "580"}
    )
    return json.loads(parcel.pack_up(parcel.Parcel(host="node-1", results=(probe, probe))))


def seeds() -> Iterator[bytes]:
    """Real documents of both kinds, and framed ones."""
    for document in _documents():
        data = json.dumps(document).encode()
        yield bytes([RECORDS]) + data[:4000]
        yield bytes([FRAME]) + "\n".join(framed(data[:300], "node-1")).encode()
    yield bytes([PROBES]) + json.dumps(_probes()).encode()
    for number in range(50):
        yield bytes([BENT_RECORDS + number % 2, number, 3, number, number * 7 % 256, 1, 2, 3])


TARGET = Target(
    "foreign", run, seeds, lambda: ["\\u001b", "\\ud800", "null", "1e400", '"line":'], 1024
)
