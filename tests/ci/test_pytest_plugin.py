"""The plugin for pytest, in test runs of its own."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from _pytest.pytester import Pytester

from dsdoctor import pytest_plugin
from dsdoctor.cli import explain_apart
from tests.ci.documentation import assert_printed, block
from tests.ci.programs import DIES, LOG, programs
from tests.conftest import ROOT
from tests.unit.report.hostile import HOSTILE

pytest_plugins = ["pytester"]

LOADED = (
    *("-p", "no:dsdoctor", "-p", "dsdoctor.pytest_plugin", "-p", "no:cacheprovider"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)
HEAD = f"""
import logging, os, pathlib, subprocess
import pytest
LOG = pathlib.Path({str(LOG)!r})
JOB = ["sh", "-c", f"cat {{LOG}} >&2; exit 1"]
"""
WAYS = """
def test_captured_by_pytest():
    assert subprocess.call(JOB) == 0

def test_captured_by_the_test():
    done = subprocess.run(JOB, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

def test_exception():
    subprocess.run(JOB, check=True, capture_output=True)

def test_time_limit():
    raise subprocess.TimeoutExpired(JOB, 9, stderr=LOG.read_bytes())

def test_pytest_fail():
    pytest.fail(LOG.read_text())

def test_logging():
    logging.error("%s", LOG.read_text())
    assert False

@pytest.fixture
def job():
    subprocess.run(JOB, check=True)

def test_setup(job): ...
"""
QUIET = """
def test_passes():
    print(LOG.read_text())

def test_skips():
    print(LOG.read_text())
    pytest.skip()

def test_fails_as_expected():
    print(LOG.read_text())
    pytest.xfail()

def test_has_nothing_to_do_with_a_job():
    print("x" * 9)
    assert 1 == 2
"""
Given = tuple[dict[str, str], list[Path], Path | None, float]


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run within must not inherit what this one was told, nor what else is installed."""
    for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[Given]:
    """What would have been read; dsdoctor itself is not started."""
    calls: list[Given] = []
    monkeypatch.setattr(
        explain_apart, "verdict_on", lambda *what: calls.append(what) or "the verdict"
    )
    return calls


def sections(pytester: Pytester, source: str, *options: str) -> dict[str, list[str]]:
    """What the plugin said of each test of a run; and the outcomes by "name when"."""
    pytester.makepyfile(HEAD + source)
    said = defaultdict(list)
    for report in pytester.inline_run(*LOADED, *options).getreports("pytest_runtest_logreport"):
        said[f"{report.head_line} {report.when} {report.outcome}"] += [
            text for title, text in report.sections if title == "dsdoctor"
        ]
    return said


def test_whatever_way_the_output_takes(pytester: Pytester, given: list[Given]) -> None:
    said = sections(pytester, WAYS)
    assert {name: texts for name, texts in said.items() if texts} == {
        f"{name} failed": ["the verdict"]
        for name in (
            "test_captured_by_pytest call",
            "test_captured_by_the_test call",
            "test_exception call",
            "test_time_limit call",
            "test_pytest_fail call",
            "test_logging call",
            "test_setup setup",
        )
    }
    # the first line may have something before it, and what tells of the failure may follow
    lines = set(LOG.read_text().splitlines()[1:])
    for texts, _, _, _ in given:
        assert any(lines <= set(text.splitlines()) for text in texts.values()), texts.keys()


def test_quiet_otherwise(pytester: Pytester, given: list[Given]) -> None:
    said = sections(pytester, QUIET)
    assert not any(said.values())
    assert not given
    assert [name for name in said if " call " in name] == [
        "test_passes call passed",
        "test_skips call skipped",
        "test_fails_as_expected call skipped",
        "test_has_nothing_to_do_with_a_job call failed",
    ]


def test_switched_off(pytester: Pytester, given: list[Given]) -> None:
    said = sections(pytester, WAYS, "--no-dsdoctor", "-k", "by_pytest or by_the_test")
    assert not any(said.values())
    assert not given


def test_a_failure_is_told_once(pytester: Pytester, given: list[Given]) -> None:
    """Not again for the teardown that fails after it."""
    source = """
@pytest.fixture
def after():
    yield
    assert False

def test_job(after):
    subprocess.run(JOB, check=True)
"""
    said = sections(pytester, source)
    assert said["test_job call failed"] == ["the verdict"]
    assert said["test_job teardown failed"] == []
    assert len(given) == 1


def test_a_log_that_the_test_names(pytester: Pytester, given: list[Given]) -> None:
    """By a name relative to where the test is at that time, and before it exists."""
    source = """
def test_job(dsdoctor_log):
    assert dsdoctor_log("own.log", config="ds.json") == pathlib.Path("own.log")
    os.chdir("/")
    assert 1 == 2

def test_other(dsdoctor_log):
    assert 1 == 2
"""
    said = sections(pytester, source)
    assert said["test_job call failed"] == ["the verdict"]
    assert said["test_other call failed"] == []
    ((_, logs, config, _),) = given
    assert (logs, config) == ([pytester.path / "own.log"], pytester.path / "ds.json")


def test_no_error_of_the_plugin_gets_out(
    pytester: Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = [RuntimeError("bug"), MemoryError(), OSError("bug"), pytest.fail.Exception("bug")]

    def fails(*_: object) -> str:
        raise errors.pop()

    monkeypatch.setattr(explain_apart, "verdict_on", fails)
    source = """
@pytest.mark.parametrize("number", range(4))
def test_job(number):
    assert subprocess.call(JOB) == 0
"""
    said = sections(pytester, source)
    assert not errors
    assert {name for name in said if " call " in name} == {
        f"test_job[{number}] call failed" for number in range(4)
    }


def test_the_run_has_a_budget(pytester: Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[float] = []
    now = iter(range(0, 1000, 25))
    monkeypatch.setattr(
        explain_apart, "verdict_on", lambda *what: left.append(what[3]) or "the verdict"
    )
    monkeypatch.setattr(pytest_plugin, "time", type("clock", (), {"monotonic": now.__next__}))
    source = """
@pytest.mark.parametrize("number", range(5))
def test_job(number):
    print("[rank0]: x")
    assert 1 == 2
"""
    said = sections(pytester, source)
    assert left == [20.0, 20.0, 10.0]
    texts = [said[f"test_job[{number}] call failed"] for number in range(5)]
    assert texts == [["the verdict"]] * 3 + [[pytest_plugin.SPENT]] * 2


def test_of_a_long_output_beginning_and_end_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pytest_plugin, "LONGEST", 40)
    assert pytest_plugin._bounded("a" * 40) == "a" * 40
    assert pytest_plugin._bounded("a" * 1000 + "b" * 1000) == "a" * 10 + "\n" + "b" * 30


def test_hostile_output_does_nothing(pytester: Pytester) -> None:
    """Neither in the terminal nor in the XML report; and this is what people see."""
    log = pytester.path / "hostile.log"
    text = "\n".join([*HOSTILE.values(), LOG.read_text()])
    log.write_text(text, encoding="utf-8", errors="replace")
    pytester.makepyfile(
        f"def test_job(dsdoctor_log):\n    dsdoctor_log({str(log)!r})\n    assert 0"
    )
    result = pytester.runpytest_inprocess(*LOADED, "--junitxml=junit.xml")
    result.stdout.fnmatch_lines(
        ["*--- dsdoctor ---*", "DSC001  The batch sizes do not multiply out*certain"]
    )
    section = result.stdout.str().partition("--- dsdoctor ---")[2]
    assert not set(section) & {"\x1b", "\x9b", "\x07", "\x08", "\x00", "\u202e"}
    ET.parse(pytester.path / "junit.xml")  # noqa: S314 - written a moment ago


def installed(
    pytester: Pytester, monkeypatch: pytest.MonkeyPatch, source: str, *options: str
) -> str:
    """The output of a run in a process of its own that finds the plugin by its entry point."""
    site = pytester.path / "site"
    info = site / "dsdoctor_here-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dsdoctor-here\nVersion: 0\n")
    (info / "entry_points.txt").write_text("[pytest11]\ndsdoctor = dsdoctor.pytest_plugin\n")
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    monkeypatch.setenv("PYTHONPATH", f"{site}:{ROOT}")
    (pytester.path / "ds_config.json").write_text('{"train_batch_size": 32}')
    env = programs(pytester.path / "bin", {"deepspeed": DIES})
    monkeypatch.setenv("PATH", env["PATH"])
    pytester.makepyfile(source)
    unused = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
    result = pytester.runpytest_subprocess(*unused, *options, timeout=60)
    result.assert_outcomes(failed=1)
    return result.stdout.str()


@pytest.mark.parametrize("options", [("-n", "1"), ("-p", "no:xdist", "--no-dsdoctor")])
def test_as_installed_and_with_xdist(
    options: Sequence[str], pytester: Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = installed(pytester, monkeypatch, block("pytest-test"), *options)
    if "--no-dsdoctor" in options:
        assert "DSC001" not in said
    else:
        assert_printed("pytest-prints", said)


def test_not_loaded_at_all(pytester: Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    source = HEAD + "def test_job(): assert subprocess.call(JOB) == 0"
    assert "DSC001" not in installed(pytester, monkeypatch, source, "-p", "no:dsdoctor")


def test_loading_it_loads_nothing_heavy() -> None:
    """Every test run in an environment with dsdoctor pays for it."""
    code = (
        "import sys, pytest; before = set(sys.modules); import dsdoctor.pytest_plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    argv: list[Any] = [sys.executable, "-c", code]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == ["dsdoctor", "dsdoctor.pytest_plugin"]
