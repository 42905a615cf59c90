"""The HTML report of 512 ranks: how large it is, and how soon Chromium can be used on it.

Usage: python -m benchmarks.html [--hosts 64] [--ranks-per-host 8] [--megabytes 64] [--times 5]

The job's logs are those of ``benchmarks.fanout``, made of real lines. Interactive is when the page
has answered its first frame after its script ran, counted from the start of the navigation, as the
browser's own clock tells.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.fanout import write_job
from dsdoctor.cli.context import with_excerpts
from dsdoctor.diagnosis.explain import explain
from dsdoctor.diagnosis.material import read_material
from dsdoctor.knowledge.pack import load_pack
from dsdoctor.report import html
from tests.browser.chromium import browser, missing

MAX_BYTES = 2_000_000
MAX_SECONDS = 1.0
FRAME = """
const done = arguments[0];
requestAnimationFrame(() => setTimeout(() => {
  const [entry] = performance.getEntriesByType('navigation');
  done([performance.now(), entry.domInteractive, entry.domContentLoadedEventEnd]);
}));
"""


def main() -> int:
    """Print the figures; exit with 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--hosts", type=int, default=64)
    parser.add_argument("--ranks-per-host", type=int, default=8)
    parser.add_argument("--megabytes", type=int, default=64)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    if missing():
        print(f"needs {missing()}")
        return 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "logs").mkdir()
        write_job(folder / "logs", options.hosts, options.ranks_per_host, options.megabytes)
        path, size = written(folder)
        waits = opened(path, folder / "profile", options.times)
    middle = statistics.median(waits)
    print(f"interactive after {middle * 1000:.0f} ms (median of {len(waits)}: ", end="")
    print(", ".join(f"{wait * 1000:.0f}" for wait in waits) + ")")
    return int(size > MAX_BYTES or middle > MAX_SECONDS)


def written(folder: Path) -> tuple[Path, int]:
    """Explain the logs and write the page."""
    pack = load_pack()
    report = explain(read_material(sorted((folder / "logs").iterdir()), pack), pack)
    started = time.perf_counter()
    text = html.render(with_excerpts(report))
    took = time.perf_counter() - started
    path = folder / "report.html"
    path.write_text(text, encoding="utf-8")
    size = path.stat().st_size
    print(f"{len(report.ranks)} ranks: {size:,} bytes, written in {took:.2f} s")
    return path, size


def opened(path: Path, profile: Path, times: int) -> list[float]:
    """Seconds until the page answered, each time anew."""
    waits = []
    with browser(profile) as window:
        for _ in range(times):
            window.show(path)
            now, interactive, ready = window.driver.execute_async_script(FRAME)
            print(f"  DOM {interactive:.0f} ms, script {ready:.0f} ms, frame {now:.0f} ms")
            waits.append(now / 1000)
    return waits


if __name__ == "__main__":
    sys.exit(main())
