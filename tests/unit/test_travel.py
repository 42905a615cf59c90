"""Records on their way between hosts: nothing is lost, nothing is believed."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from dsdoctor.diagnosis.explain import explain
from dsdoctor.diagnosis.material import Material
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.arrival import arrived
from dsdoctor.logs.discover import discover
from dsdoctor.logs.facts import Fact
from dsdoctor.logs.harmless import ForeignError
from dsdoctor.logs.matcher import Matcher
from dsdoctor.logs.read import read_logs
from dsdoctor.logs.reader import LogReader
from dsdoctor.logs.record import LogRecord
from dsdoctor.logs.travel import Parcel, pack_up, unpack
from dsdoctor.model import Event, Line, Origin
from tests.conftest import ROOT, Read

CASES = sorted((ROOT / "fixtures" / "cases").glob("*/meta.yaml"))
SOME = [path for path in CASES if "nan" in path.parent.name or "hosts" in path.parent.name]
SOME += CASES[::5]
KEYS = ("code", "message", "ranks", "role")


def travelled(record: LogRecord) -> LogRecord:
    (result,) = unpack(pack_up(Parcel(records=(record,)))).records
    return result


@pytest.mark.parametrize(
    "folder", sorted({path.parent for path in SOME}), ids=lambda path: path.name
)
def test_captured_logs_arrive_whole(folder: Path, pack: Pack, matcher: Matcher) -> None:
    """What arrives is what was read, and by our own rules the same again."""
    records = read_logs(discover([str(folder)]).paths, matcher)
    for record in records:
        again = arrived(travelled(record), "a", pack)
        assert repr(again) == repr(arrived(record, "a", pack))
        assert (again.name, again.lines) == (f"a:{record.name}", record.lines)
        assert [item.rule for item in again.events] == [item.rule for item in record.events]
        assert [item.fields for item in again.events] == [item.fields for item in record.events]
        assert [item.fields for item in again.facts] == [item.fields for item in record.facts]
        assert [(item.step, str(item.loss)) for item in again.progress] == [
            (item.step, str(item.loss)) for item in record.progress
        ]
        assert again.notes == tuple(f"a: {note}" for note in record.notes)


def test_a_job_of_two_hosts_gets_the_verdict_of_its_files(pack: Pack, matcher: Matcher) -> None:
    """Each host sends its own log; the rank at fault is on the second."""
    folder = ROOT / "fixtures" / "cases" / "hosts-clock-skew"
    here = read_logs(discover([str(folder)]).paths, matcher)
    there = [arrived(travelled(item), Path(item.name).stem, pack) for item in here]
    mine, theirs = (
        explain(Material(list(records)), pack).verdict.root for records in (here, there)
    )
    assert mine is not None
    assert theirs is not None
    assert [getattr(mine, key) for key in KEYS] == [getattr(theirs, key) for key in KEYS]
    assert theirs.hosts == ("node-2",)
    assert theirs.evidence[0].file.startswith("node-2:")


def test_the_host_is_filled_in_where_the_line_does_not_tell(pack: Pack, read: Read) -> None:
    record = read(
        "[rank3]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n"
        "node-9: [rank4]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB\n"
        "[rank0]: RuntimeError: Rank 7 failed to pass monitoredBarrier in 8000 ms\n"
    )
    events = arrived(record, "node-1", pack).events
    hosts = {(item.writer.rank, item.origin.rank): item.origin.host for item in events}
    assert hosts == {(3, 3): "node-1", (4, 4): "node-9", (0, 7): None}
    writers = {(item.writer.rank, item.writer.host) for item in events}
    assert writers == {(3, "node-1"), (4, "node-9"), (0, "node-1")}
    assert arrived(record, "node-1", pack).origin.host == "node-1"


def test_what_our_rules_do_not_find_is_left_out(pack: Pack, read: Read) -> None:
    """Unknown codes, patterns out of range, lines that do not say so, numbers that are none."""
    line = "[rank3]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB."
    (event,) = (item for item in read(line + "\n").events if item.rule == "DSM001")
    record = LogRecord(
        "x.log",
        events=(
            replace(event, pattern=999, fields={"wanted": "lies", "extra": "kept"}),
            replace(event, rule="DSM999"),
            replace(event, text="all is well"),
        ),
        facts=(
            Fact("world", "x", 1, "all is well", {"world_size": "99999999"}),
            Fact("nonsense", "x", 1, "world_size=4", {}),
            Fact("world", "x", 1, "dist_world_size=4", {"world_size": "no number"}),
        ),
    )
    result = arrived(record, "a", pack)
    (found,) = result.events
    assert found.pattern == event.pattern
    assert dict(found.fields) == {**event.fields, "extra": "kept"}
    assert [fact.fields for fact in result.facts] == [{"world_size": "4"}]
    assert result.notes == ("a:x.log: 2 matches left out: the rules here do not find them",)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"schema":"dsdoctor.events/2","records":[]}',
        b'{"schema":"dsdoctor.events/1","records":[{"name":7}]}',
        b'{"schema":"dsdoctor.events/1","records":{}}',
        b'{"schema":"dsdoctor.events/1","records":[{"name":"x","lines":1e99}]}',
        b'{"schema":"dsdoctor.events/1","records":[{"name":"x","lines":99999999999999999999}]}',
        b'{"schema":"dsdoctor.events/1","records":[{"name":"x","origin":{"time":"never"}}]}',
        b'{"schema":"dsdoctor.events/1","records":' + b"[" * 100_000,
        b'{"schema":"dsdoctor.events/1","version":"\xff"}',
        b'{"schema":"dsdoctor.events/1","version":"\\ud800"}',
    ],
)
def test_what_is_no_document_is_told_in_a_line(data: bytes) -> None:
    with pytest.raises(ForeignError) as caught:
        unpack(data)
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 300


def test_text_from_another_host_is_harmless() -> None:
    """No escape sequences, no bidirectional marks, no endless lines; line ends stay."""
    evil = "\x1b]0;title\x07red\x1b[31m\u202egnihton\u2066 \x9b\n" + "x" * 100_000
    event = Event("DSM001", evil, 1, evil, fields={evil: evil})
    record = travelled(LogRecord(evil, events=(event,), tail=(Line(1, evil),), notes=(evil,)))
    text = repr(record)
    assert "\\x1b" not in text
    assert "\\u202e" not in text
    assert "\\x9b" not in text
    first, second = record.tail[0].text.split("\n")
    assert (first, len(second)) == ("redgnihton", 4096)


def test_too_much_for_one_answer_is_cut_where_it_hurts_least() -> None:
    """First what is only context, then logs that have nothing to tell; and a note says so."""
    line = Line(1, "x" * 200)
    event = Event("DSM001", "a", 1, "CUDA out of memory")
    records = tuple(
        LogRecord(f"{number}.log", tail=(line,) * 500, events=(event,) * (number == 7))
        for number in range(20)
    )
    whole = len(msgspec.json.encode(Parcel(records=records)))
    shorter = unpack(pack_up(Parcel(records=records), whole // 4))
    assert [len(item.tail) for item in shorter.records] == [40] * 20
    data = pack_up(Parcel(records=records, notes=("first",)), 16_000)
    assert len(data) <= 16_000
    fewer = unpack(data)
    assert fewer.records[0].name == "7.log"
    kept = len(fewer.records)
    assert fewer.notes == ("first", f"{20 - kept} of 20 logs left out: too much for one answer")
    assert 0 < kept < 20


def test_nothing_but_what_the_reader_saw_travels(matcher: Matcher) -> None:
    """The middle of a log without events stays at home."""
    text = b"".join(b"secret %d\n" % number for number in range(100_000)) + b"end\n"
    record = LogReader(matcher, "a", Origin(), 2026).read(io.BytesIO(text).read, lambda _: None)
    data = pack_up(Parcel(records=(record,)))
    assert b"secret 50000" not in data
    assert b"secret 99999" in data
