"""Writes tests/rules/crossfire.yaml: which rules fire on each other's samples.

Usage: python tools/crossfire.py. Review the difference before you commit it.
"""

from __future__ import annotations

import io
from pathlib import Path

import yaml

from dsdoctor.knowledge.pack import load_pack
from dsdoctor.logs.matcher import Matcher
from dsdoctor.logs.reader import LogReader
from dsdoctor.logs.record import LogRecord
from dsdoctor.model import Origin
from tests.rules.test_pack import crossfire

OUT = Path(__file__).parent.parent / "tests" / "rules" / "crossfire.yaml"
HEAD = "# rule: [others of role cause or either that fire on its samples]. Reviewed by hand.\n"


def main() -> None:
    """Write the table."""
    matcher = Matcher(load_pack())

    def read(log: bytes | str) -> LogRecord:
        data = log.encode() if isinstance(log, str) else log
        reader = LogReader(matcher, "job.log", Origin(), 2026)
        return reader.read(io.BytesIO(data).read, lambda _: None)

    OUT.write_text(HEAD + yaml.safe_dump(crossfire(read), width=100))


if __name__ == "__main__":
    main()
