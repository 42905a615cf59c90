"""What changed since an earlier report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dsdoctor.errors import UsageError
from dsdoctor.model import Outcome, ProbeResult, Report, Status, Verdict
from dsdoctor.probes.baseline import MAX_CHANGES, changes, read_baseline
from dsdoctor.report import json_v1


def saved(path: Path, *results: ProbeResult) -> Path:
    """A report of earlier, as --format json wrote it."""
    report = Report(Verdict(Status.CLEAN, "x"), (), command="preflight", probes=results)
    path.write_text(json_v1.render(report))
    return path


def gpus(host: str = "", **facts: object) -> ProbeResult:
    known = {"driver": "580.1", "gpus": [{"name": "H100"}, {"name": "H100"}], "count": 2}
    return ProbeResult("gpus", Outcome.OK, facts={**known, **facts}, host=host)


def test_nothing_changed(tmp_path: Path) -> None:
    before = read_baseline(saved(tmp_path / "a.json", gpus(), gpus("node-2")))
    assert changes(before, [gpus(), gpus("node-2")]) == []


def test_each_leaf_is_a_line(tmp_path: Path) -> None:
    before = read_baseline(saved(tmp_path / "a.json", gpus("node-2")))
    now = gpus("node-2", driver="535.9", gpus=[{"name": "H100"}, {"name": "A100"}], new=True)
    assert changes(before, [now]) == [
        'node-2: gpus.driver: "580.1" -> "535.9"',
        'node-2: gpus.gpus[1].name: "H100" -> "A100"',
        "node-2: gpus.new: nothing -> true",
    ]


def test_a_list_of_other_length_is_one_change(tmp_path: Path) -> None:
    before = read_baseline(saved(tmp_path / "a.json", gpus()))
    (line,) = changes(before, [gpus(gpus=[{"name": "H100"}])])
    assert line.startswith('gpus.gpus: [{"name": "H100"}, ')


def test_what_was_not_there_before_is_no_change(tmp_path: Path) -> None:
    before = read_baseline(saved(tmp_path / "a.json", gpus()))
    assert changes(before, [gpus("node-9"), ProbeResult("gpus", Outcome.SKIPPED)]) == []


def test_many_changes_are_bounded(tmp_path: Path) -> None:
    wide = {f"k{number}": 0 for number in range(MAX_CHANGES * 2)}
    before = read_baseline(saved(tmp_path / "a.json", gpus(**wide)))
    assert len(changes(before, [gpus(**dict.fromkeys(wide, 1))])) == MAX_CHANGES


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("[1]", "not a report of preflight"),
        ('{"probes": 3}', "not a report of preflight"),
        ("[" * 100_000, "not JSON"),
        ("\xff", "not JSON"),
    ],
)
def test_no_report(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=words) as caught:
        read_baseline(path)
    assert caught.value.location == str(path)


def test_odd_entries_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    odd = [3, {"probe": "gpus"}, {"probe": "gpus", "host": "x", "facts": 7}]
    path.write_text(json.dumps({"probes": odd}))
    before = read_baseline(path)
    assert changes(before, [gpus(), gpus("x")])
