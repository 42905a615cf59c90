"""What several test folders share."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from dsdoctor.diagnosis.explain import explain
from dsdoctor.diagnosis.material import Material
from dsdoctor.knowledge.pack import Pack, load_pack
from dsdoctor.logs.matcher import Matcher
from dsdoctor.logs.reader import LogReader
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Origin, Report

ROOT = Path(__file__).parent.parent

Read = Callable[[bytes | str], LogRecord]
Explain = Callable[[bytes | str], Report]


@pytest.fixture(scope="session")
def pack() -> Pack:
    """The rules of this checkout."""
    return load_pack()


@pytest.fixture(scope="session")
def matcher(pack: Pack) -> Matcher:
    """One matcher for all tests: it keeps nothing of the logs it saw."""
    return Matcher(pack)


@pytest.fixture(scope="session")
def read(matcher: Matcher) -> Read:
    """Reads a log given as text or bytes."""

    def reader(log: bytes | str) -> LogRecord:
        data = log.encode() if isinstance(log, str) else log
        return LogReader(matcher, "job.log", Origin(), 2026).read(
            io.BytesIO(data).read, lambda _: None
        )

    return reader


@pytest.fixture(scope="session")
def diagnose(read: Read, pack: Pack) -> Explain:
    """Explains a log given as text or bytes."""
    return lambda log: explain(Material([read(log)]), pack)
