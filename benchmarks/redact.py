"""Redaction against a named peer: leaks of planted secrets, ordinary lines changed, speed.

Usage: python -m benchmarks.redact [--peer-python VENV/bin/python] [--megabytes 20] [--logs DIR...]

The peer is detect-secrets from PyPI, in an environment of its own. It was made for source code, it
finds secrets and replaces none, and it looks for no names: so only its finding of secrets is
compared, with the plugins that it turns on by itself. Both read the same two logs in one run.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.make_log import blocks
from dsdoctor.redact.private_keys import PrivateKeys
from dsdoctor.redact.redactor import Redactor
from tests.unit.redact.planted import Plant, leaks, planted_log, plants

ROOT = Path(__file__).parent.parent
BLOCK = 1 << 20
PEER = """
import json, sys, time
from importlib.metadata import version
from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings
result = {"version": version("detect-secrets")}
with default_settings():
    for name, path in (("planted", sys.argv[1]), ("ordinary", sys.argv[2])):
        started = time.perf_counter()
        found = [(s.secret_value or "", s.line_number, s.type) for s in scan_file(path)]
        result[name] = {"seconds": time.perf_counter() - started, "found": found}
print(json.dumps(result))
"""


def main() -> None:
    """Print the figures."""
    options = arguments()
    found = list(plants(options.seed))
    with tempfile.TemporaryDirectory() as folder:
        planted, ordinary = Path(folder, "planted.log"), Path(folder, "ordinary.log")
        planted.write_text(planted_log(found, options.seed), "utf-8")
        with ordinary.open("wb") as out:
            out.writelines(blocks(options.megabytes))
        size = ordinary.stat().st_size / 1e6
        print(f"planted: {len(found)} secrets of {len({plant.kind for plant in found})} kinds")
        ours(found, planted, ordinary, size)
        if options.peer_python:
            peer(found, options.peer_python, planted, ordinary, size)
    for name in options.logs:
        unchanged(Path(name))


def ours(found: list[Plant], planted: Path, ordinary: Path, size: float) -> None:
    """Leaks and speed of dsdoctor."""
    text = Redactor().text(planted.read_text("utf-8"))
    print(
        f"dsdoctor: {len(leaks(found, text))} leaks; twice as once: {Redactor().text(text) == text}"
    )
    redactor = Redactor()
    learned = timed(ordinary, redactor.learn)
    keys = PrivateKeys()
    replaced = timed(ordinary, lambda block: redactor.block(block, keys))
    print(
        f"dsdoctor: {size:.0f} MB: learning {size / learned:.1f} MB/s, replacing "
        f"{size / replaced:.1f} MB/s, both {size / (learned + replaced):.1f} MB/s"
    )


def timed(path: Path, work: object) -> float:
    """Seconds for all blocks of a file."""
    started = time.perf_counter()
    with path.open("rb") as file:
        while data := file.read(BLOCK):
            work(data + file.readline())  # type: ignore[operator]
    return time.perf_counter() - started


def peer(found: list[Plant], python: str, planted: Path, ordinary: Path, size: float) -> None:
    """The same for detect-secrets: what it does not find would have stayed."""
    done = subprocess.run(
        [python, "-c", PEER, str(planted), str(ordinary)],
        capture_output=True,
        text=True,
        check=True,
    )
    result = json.loads(done.stdout)
    values = sorted({value for value, *_ in result["planted"]["found"] if len(value) >= 4}, key=len)
    text = planted.read_text("utf-8")
    for value in reversed(values):
        text = text.replace(value, "*")
    missed = leaks(found, text)
    print(
        f"detect-secrets {result['version']}: {len(missed)} leaks of "
        f"{len({plant.kind for plant in missed})} kinds; "
        f"{size / result['ordinary']['seconds']:.2f} MB/s; "
        f"{len(result['ordinary']['found'])} finds in the ordinary log"
    )


def unchanged(folder: Path) -> None:
    """How many lines of real logs change, and for what."""
    kinds: Counter[str] = Counter()
    lines = changed = 0
    for path in sorted(folder.rglob("*.log")):
        data, redactor = path.read_bytes(), Redactor()
        redactor.learn(data)
        before, after = data.split(b"\n"), redactor.block(data, PrivateKeys()).split(b"\n")
        lines += len(before)
        changed += sum(one != other for one, other in zip(before, after, strict=True))
        kinds.update(redactor.replaced)
    share = 100 * changed / max(1, lines)
    print(f"{folder}: {changed} of {lines} lines changed ({share:.2f} %): {dict(kinds)}")


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--peer-python", help="a Python that has detect-secrets")
    parser.add_argument("--megabytes", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--logs", nargs="*", default=[ROOT / "fixtures" / "healthy", ROOT / "fixtures" / "cases"]
    )
    return parser.parse_args(words)


if __name__ == "__main__":
    main()
