"""Files that several hosts share count once, and belong to no host; others stay apart."""

from __future__ import annotations

from dataclasses import replace

from dsdoctor.diagnosis.explain import explain
from dsdoctor.diagnosis.material import Material
from dsdoctor.knowledge.pack import Pack
from dsdoctor.logs.record import LogRecord
from dsdoctor.transport.shared import notes_on, once, taken_in
from tests.conftest import Read

LOG = """\
[rank 0] step 1/9 loss 0.5
node-7: [rank1]: Traceback (most recent call last):
node-7: [rank1]:   File "/home/user/project/train.py", line 16, in <module>
node-7: [rank1]:     x = names["truck"]
node-7: [rank1]: KeyError: 'truck'
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.
"""
HOSTS = ["a", "b", "c"]


def test_a_shared_file_counts_once(read: Read) -> None:
    record = read(LOG)
    told = once((host, record) for host in HOSTS)
    assert told == [(record, HOSTS)]
    assert notes_on(told) == [
        "a, b, c: 1 file read the same on each of these hosts; taken as shared and counted once"
    ]


def test_the_verdict_on_a_shared_file_is_that_of_reading_it_here(read: Read, pack: Pack) -> None:
    """With the plain name, and no host but that which its lines tell."""
    record = read(LOG)
    taken = taken_in(record, HOSTS, pack)
    assert taken == record
    assert explain(Material([taken]), pack) == explain(Material([record]), pack)


def test_files_that_differ_stay_apart(read: Read, pack: Pack) -> None:
    """In one line, in name, or only in what was kept of them."""
    record = read(LOG)
    others = [
        read(LOG.replace("rank1", "rank2")),
        replace(record, name="other.log"),
        replace(record, tail=record.tail[1:]),
    ]
    told = once([("a", record), *(("b", other) for other in others)])
    assert [hosts for _, hosts in told] == [["a"], ["b"], ["b"], ["b"]]
    assert notes_on(told) == []
    assert taken_in(*told[0], pack).name == f"a:{record.name}"


def test_empty_files_are_alike_by_chance() -> None:
    told = once((host, LogRecord("/a.log")) for host in HOSTS)
    assert [hosts for _, hosts in told] == [["a"], ["b"], ["c"]]
