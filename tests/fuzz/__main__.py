"""``python -m tests.fuzz TARGET [options of libFuzzer] [CORPUS]``: see docs/fuzzing.md."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.fuzz.kept import kept
from tests.fuzz.registry import MODULES
from tests.fuzz.words import dictionary


def main(arguments: list[str]) -> int:
    """Fuzz one target until libFuzzer is told to stop."""
    if not arguments or arguments[0] not in MODULES:
        sys.stderr.write(f"usage: python -m tests.fuzz TARGET [-runs=N] ... [CORPUS]\n{_NAMES}\n")
        return 2
    try:
        import atheris
    except ImportError:
        sys.stderr.write("the fuzzer is missing: pip install atheris\n")
        return 2
    name, *rest = arguments
    with atheris.instrument_imports(include=["dsdoctor"]):
        from tests.fuzz.registry import target

        chosen = target(name)
    with tempfile.TemporaryDirectory() as folder:
        words, seeds = Path(folder, "words"), Path(folder, "seeds")
        words.write_bytes(dictionary(chosen.words()))
        seeds.mkdir()
        for number, data in enumerate([*chosen.seeds(), *kept(name)]):
            Path(seeds, str(number)).write_bytes(data)
        corpora = [item for item in rest if not item.startswith("-")] or [f"{folder}/found"]
        for corpus in corpora:
            Path(corpus).mkdir(parents=True, exist_ok=True)
        options = [item for item in rest if item.startswith("-")]
        limits = ["-timeout=20", "-rss_limit_mb=500", f"-max_len={chosen.max_len}"]
        line = ["fuzz", f"-dict={words}", *limits, *options, *corpora, str(seeds)]
        atheris.Setup(line, chosen.one)
        atheris.Fuzz()
    return 0


_NAMES = "targets: " + ", ".join(MODULES)

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
