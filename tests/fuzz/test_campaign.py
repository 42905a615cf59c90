"""The campaign counts what the fuzzer says, and goes on after a fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import campaign
from tests.fuzz.__main__ import read
from tests.fuzz.registry import MODULES

FUZZER = """\
#!/bin/sh
echo "slowest input: 0.25 s for 9 bytes" >&2
echo "stat::number_of_executed_units: 600" >&2
echo "stat::peak_rss_mb:              70" >&2
test -e {folder}/broke || {{ touch {folder}/broke; exit 77; }}
"""


def fuzzer(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Put a script in the place of Python."""
    script = folder / "python"
    script.write_text(text.format(folder=folder))
    script.chmod(0o755)
    monkeypatch.setattr(campaign.sys, "executable", str(script))


def test_it_goes_on_after_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fuzzer(tmp_path, monkeypatch, FUZZER)
    row = campaign.run("log", 1_000, 60, tmp_path)
    assert (row.executions, row.faults, row.peak_mb, row.slowest) == (1_200, 1, 70, 0.25)
    assert "1,200 executions" in str(row)
    assert (tmp_path / "corpus" / "log").is_dir()


def test_it_ends_where_the_fuzzer_does_not_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fuzzer(tmp_path, monkeypatch, "#!/bin/sh\nexit 2\n")
    assert campaign.run("log", 1_000, 60, tmp_path).faults == 1


def test_the_command_line_of_the_fuzzer() -> None:
    """Targets, libFuzzer's options and a folder, in any order; no target is all of them."""
    wish = read(["log", "-runs=5", "build/found", "--seeds=9", "nccl"])
    assert wish is not None
    assert (wish.names, wish.options, wish.seeds) == (("log", "nccl"), ("-runs=5",), 9)
    assert wish.corpus == Path("build/found")
    everything = read([])
    assert everything is not None
    assert everything.names == tuple(MODULES)
    assert read(["logs"]) is None
    assert read(["a/b", "c/d"]) is None
