"""The figures and the disagreements as text."""

from __future__ import annotations

from collections.abc import Iterator

from tests.differential.comparison import Comparison, Disagreement, Result


def figures(name: str, comparison: Comparison) -> str:
    """Recall and precision in a few lines."""
    failed = sum(item.answer.raised for item in comparison.decided)
    trained = sum(item.trained for item in comparison.results)
    stages = ("arguments", "config", "initialize", "step")
    shares = ((stage, comparison.recall(stage)) for stage in stages)
    by_stage = ", ".join(f"{stage} {share}" for stage, share in shares if share.all)
    return "\n".join(
        (
            f"{name}: {len(comparison.results)} configurations, {trained} of them trained, "
            f"{failed} failed, {len(comparison.results) - len(comparison.decided)} undecided",
            f"  recall     {comparison.recall()}: {by_stage}",
            f"  precision  {comparison.precision()}; with one mistake {comparison.precision(1)}",
        )
    )


def disagreements(comparison: Comparison, *, limit: int, text: bool) -> Iterator[str]:
    """Each kind of disagreement with its simplest case."""
    for title, found in (
        ("DeepSpeed raises, lint has no error", comparison.missed()),
        ("lint has an error, DeepSpeed trains and reads the key", comparison.baseless()),
    ):
        yield f"\n## {title}: {len(found)} kinds\n"
        for item in found[:limit]:
            yield "\n".join(_described(item, text=text))
    for item in comparison.undecided():
        yield f"\nundecided {len(item.results)}x {item.name}"
    for result in comparison.crashes:
        yield f"\nlint crashed: {result.opinion.crash}: {_changes(result)}"
    for result in comparison.lost:
        yield f"\nthe judge hung or died: {_changes(result)}"


def _described(item: Disagreement, *, text: bool) -> Iterator[str]:
    result = item.results[0]
    yield f"### {len(item.results)}x {item.name}"
    yield f"- case {result.case.number}, world size {result.case.world}: {_changes(result)}"
    yield f"- DeepSpeed: {result.answer.stage or 'trains'} {result.answer.message[:300]}"
    yield from (f"- lint: {said.code} {said.message[:200]}" for said in result.opinion.errors)
    if hasattr(result.case, "arguments"):
        yield f"- arguments: {result.case.arguments}"
    if text:
        yield f"```json\n{result.case.text}\n```"


def _changes(result: Result) -> str:
    return "; ".join(result.case.changes) or "nothing changed"
