"""Runs what ``dsdoctor smoke`` is asked to run, and reports on it."""

from __future__ import annotations

from pathlib import Path

from dsdoctor.checks.lint import lint
from dsdoctor.cli.smoke_bench import Bench, Tell, here
from dsdoctor.cli.smoke_matrix import matrix_report
from dsdoctor.cli.smoke_options import Options
from dsdoctor.cli.smoke_report import comparison_of, refusal, report_of
from dsdoctor.job.spec import JobSpec
from dsdoctor.knowledge.pack import Pack, load_pack
from dsdoctor.model import Report, Severity
from dsdoctor.smoke.result import SmokeResult
from dsdoctor.smoke.stopping import Stop, stops_noted


def smoke_report(options: Options, tell: Tell) -> Report:
    """Do what is asked and report on it.

    Raises:
        UsageError: a configuration cannot be read, or something that the run needs is missing.
    """
    bench = Bench(options, here(options), load_pack(), tell)
    with stops_noted() as stop:
        if options.matrix:
            return matrix_report(bench, stop)
        if options.before is not None and options.after is not None:
            return _pair(bench, options.before, options.after, stop)
        return _one(bench, stop)


def _one(bench: Bench, stop: Stop) -> Report:
    config = bench.options.config
    spec = bench.spec(config)
    if spec is not None and not bench.options.anyway and (refused := _refused(spec, bench.pack)):
        return refusal(refused, spec.config.name)
    return report_of(bench.run(bench.request(spec), stop), str(config or ""))


def _pair(bench: Bench, before: Path, after: Path, stop: Stop) -> Report:
    """Both are run whatever lint says: the one is meant to fail, and the other must show it."""
    specs = {"before": bench.spec(before), "after": bench.spec(after)}
    results = [
        bench.run(bench.request(spec, name), stop) if not stop.noted else SmokeResult("interrupted")
        for name, spec in specs.items()
    ]
    return comparison_of(results[0], results[1], (str(before), str(after)))


def _refused(spec: JobSpec, pack: Pack) -> Report | None:
    """Lint's report, if it says that this configuration cannot run."""
    report = lint([spec], pack)
    severe = any(item.severity.level >= Severity.ERROR.level for item in report.findings)
    return report if severe else None
