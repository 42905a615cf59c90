"""Dictionaries: words that bytes alone would take for ever to arrive at."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from dsdoctor.job.schema.load import load_schema
from dsdoctor.knowledge.loader import load_rules
from dsdoctor.knowledge.pack import CHECKOUT, load_pack, with_anchors
from dsdoctor.knowledge.rule import Rule

MAX_WORD = 64
"""libFuzzer takes no longer ones."""


def dictionary(words: Iterable[str]) -> bytes:
    """The words in the form of libFuzzer's ``-dict``."""
    short = dict.fromkeys(word.encode()[:MAX_WORD] for word in words if word)
    return b"".join(b'"%s"\n' % b"".join(b"\\x%02x" % byte for byte in word) for word in short)


def anchors() -> list[str]:
    """The literals by which the rules' lines are found."""
    pack = load_pack()
    found = (anchor for rule in pack for p in rule.match for anchor in with_anchors(p).anchors)
    return list(dict.fromkeys(found))


@cache
def rules() -> tuple[Rule, ...]:
    """The rules with their samples."""
    return tuple(load_rules(CHECKOUT))


@cache
def sample_logs() -> tuple[str, ...]:
    """A log in which each rule fires."""
    return tuple(s.log for rule in rules() if rule.samples for s in rule.samples.fires)


@cache
def sample_lines() -> tuple[str, ...]:
    """The lines of these logs."""
    return tuple(dict.fromkeys(line for log in sample_logs() for line in log.splitlines()))


@cache
def config_keys() -> tuple[tuple[str, ...], ...]:
    """The ways to all keys that DeepSpeed knows."""
    return load_schema(None).paths
