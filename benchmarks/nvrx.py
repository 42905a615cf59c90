"""Side by side with NVIDIA's restart agent (nvidia-resiliency-ext), deterministic mode.

Usage: python -m benchmarks.nvrx --nvrx-python PATH [--dsdoctor PATH] [--corpus ../shared/corpus]

Both tools get every log in turn, in a process of their own, under the same neutral name. The agent
is judged by the words of its primary failure *and* the log lines that it quotes for it, dsdoctor by
its own words alone. `docs/comparison.md` says how to install the agent, and what differs.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.evaluate import HEALTHY
from benchmarks.side_by_side import Answer, Judged, Labelled, Tool, captured, corpus, judge, table
from dsdoctor.model import Severity

AGENT = "nvidia_resiliency_ext.attribution.restart_agent.cli"
OURS, THEIRS = "dsdoctor", "restart agent"


def dsdoctor(program: str) -> Tool:
    """Ours: the root finding of the JSON report."""

    def ask(log: Path) -> Answer:
        started = time.perf_counter()
        report = json.loads(output_of([program, "explain", "--format", "json", str(log)]))
        return replace(_our_answer(report), seconds=time.perf_counter() - started)

    return ask


def _our_answer(report: dict[str, Any]) -> Answer:
    levels = [Severity(item["severity"]).level for item in report["findings"]]
    loud, root = max(levels, default=0) >= Severity.WARNING.level, report["verdict"]["root"]
    if root is None:
        return Answer(report["verdict"]["status"], accuses=loud)
    words = " ".join(root[key] for key in ("code", "slug", "title", "message", "why"))
    lines = tuple(item["line"] for item in root["evidence"])
    return Answer(root["confidence"], words, lines, frozenset(root["ranks"]), loud)


def restart_agent(python: str) -> Tool:
    """Theirs: the primary failure, or else the failure observed, with all that is quoted for it."""

    def ask(log: Path) -> Answer:
        command = [python, "-m", AGENT, str(log), "--disable-l1"]
        started = time.perf_counter()
        output_of(command)
        seconds = time.perf_counter() - started
        trace = log.with_name("trace.json")
        output_of([*command, "--trace-json", str(trace)])  # again: only the trace has the quotes
        return replace(_their_answer(json.loads(trace.read_text())), seconds=seconds)

    return ask


def _their_answer(trace: dict[str, Any]) -> Answer:
    result, bundle = trace["analysis_result"], trace["l0_bundle"]
    chosen = result["primary_failure"] or result["selected_observed_failure"]
    if chosen is None:
        return Answer(result["decision"])
    quoted = bundle["deterministic_primary_candidate"] or bundle["selected_observed_failure"]
    episode = _episode(bundle)
    confirmed = episode.get("cause_confirmations") or []
    keys = ("failure_class", "signature", "root_fingerprint", "observation_fingerprint")
    words = [*(chosen[key] for key in keys), quoted["quote"], result["justification"]]
    words += [episode.get("terminal_exception_quote"), *(item["quote"] for item in confirmed)]
    lines = [chosen["line"], *_on_other_ranks(bundle, chosen["line"])]
    lines += [episode.get(key) for key in ("terminal_exception_line", "identity_anchor_line")]
    lines += [item["line"] for item in confirmed]
    ranks = () if chosen["rank"] is None else (int(chosen["rank"]),)
    said = " ".join(filter(None, words))
    return Answer(result["decision"], said, tuple(filter(None, lines)), frozenset(ranks), True)


def _episode(bundle: dict[str, Any]) -> dict[str, Any]:
    """The failure episode that the agent took its primary failure from."""
    chosen = bundle["selection_summary"]["primary_episode_id"]
    episodes = (item for item in bundle["failure_episodes"] if item["episode_id"] == chosen)
    return next(episodes, {})


def _on_other_ranks(bundle: dict[str, Any], line: int) -> list[int]:
    """The lines that the agent puts in one group with this one."""
    groups: list[list[int]] = [item["sample_lines"] for item in bundle["occurrence_groups"]]
    return [other for group in groups if line in group for other in group]


def output_of(command: list[str]) -> str:
    """What a command prints; an exit code above 1 ends the comparison."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode > 1:
        raise RuntimeError(f"{command}: {done.stderr}")
    return done.stdout


def compare(
    logs: Iterable[Labelled], tools: dict[str, Tool], tolerance: int
) -> dict[str, list[Judged]]:
    """Every log to every tool, one after the other."""
    results: dict[str, list[Judged]] = {name: [] for name in tools}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "job.log")
        for log in logs:
            copy.write_bytes(log.path.read_bytes())
            for name, ask in tools.items():
                results[name].append(judge(log, ask(copy), tolerance))
    return results


def told(tool: str, item: Judged) -> str:
    """One verdict, on a line."""
    score = item.score
    flags = f"cause={score.cause} line={score.line} wrong_rank={item.wrong_rank}"
    return f"{tool}: {score.name} {score.category} {flags} said: {score.said}"


def main() -> int:
    """Print the table and the logs that dsdoctor got wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--nvrx-python", required=True, help="python with nvidia-resiliency-ext")
    parser.add_argument("--dsdoctor", default=shutil.which("dsdoctor") or ".venv/bin/dsdoctor")
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--tolerance", type=int, default=3)
    parser.add_argument("-v", "--verbose", action="store_true", help="print every log's verdicts")
    options = parser.parse_args()
    logs = [*captured("cases"), *corpus(options.corpus), *captured(HEALTHY)]
    ours, theirs = (str(Path(p).absolute()) for p in (options.dsdoctor, options.nvrx_python))
    tools = {OURS: dsdoctor(ours), THEIRS: restart_agent(theirs)}
    results = compare(logs, tools, options.tolerance)
    misses = [item for item in results[OURS] if not item.score.right or item.wrong_rank]
    print(table(results), f"\ndsdoctor's misses: {len(misses)}", sep="\n")
    for item in misses:
        print(told(OURS, item))
    if options.verbose:
        print("\n".join(told(name, item) for name in tools for item in results[name]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
