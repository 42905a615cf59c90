"""``dsdoctor smoke --matrix``: which variants of ZeRO work on this machine."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace

from dsdoctor.cli.smoke_bench import Bench
from dsdoctor.cli.smoke_report import matrix_of
from dsdoctor.errors import UsageError
from dsdoctor.model import Report
from dsdoctor.smoke.matrix import VARIANTS, Variant, comparable, variant_request, why_not
from dsdoctor.smoke.request import SmokeRequest
from dsdoctor.smoke.result import Check, SmokeResult
from dsdoctor.smoke.stages import stages_agree
from dsdoctor.smoke.stopping import Stop

Results = dict[Variant, SmokeResult | str]


def matrix_report(bench: Bench, stop: Stop) -> Report:
    """Run every variant that this machine can run, one after the other."""
    asked = replace(bench.request(None), stage=None)
    stage = bench.options.stage
    wanted = [one for one in VARIANTS if stage is None or one.stage == stage]
    results: Results = {}
    for number, variant in enumerate(wanted, 1):
        if stop.noted:
            break
        bench.tell(f"{variant.name} ({number} of {len(wanted)})")
        results[variant] = _tried(variant, asked, bench, stop)
    named = [(variant.name, result) for variant, result in results.items()]
    return matrix_of(named, list(_agreements(results)))


def _tried(variant: Variant, asked: SmokeRequest, bench: Bench, stop: Stop) -> SmokeResult | str:
    """What came of it, or why it was not run."""
    if reason := why_not(variant, bench.machine):
        return reason
    request = variant_request(variant, asked, bench.machine, tempfile.gettempdir())
    keep = asked.keep / variant.name if asked.keep else None
    try:
        return bench.run(replace(request, keep=keep), stop)
    except UsageError as error:
        if variant.offload == "none":
            raise
        return error.message  # a tool that only offload needs


def _agreements(results: Mapping[Variant, SmokeResult | str]) -> Iterator[Check]:
    """The stages must train alike wherever more than one of them passed."""
    for group in comparable():
        passed = {
            stage: result
            for stage, variant in group.items()
            if isinstance(result := results.get(variant), SmokeResult) and result.passed
        }
        if len(passed) > 1:
            words = group[min(passed)].name.partition("-")[2]
            check = stages_agree(passed)
            yield replace(check, name=f"{check.name}, {words}")
