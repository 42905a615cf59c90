"""YAML that is nested without end must not reach the parser that calls itself."""

from __future__ import annotations

import pytest
import yaml

from dsdoctor.knowledge.yaml_nodes import MAX_DEPTH, TooDeepError, composed


def test_nodes_of_a_document() -> None:
    node = composed("a: [1, {b: c}]")
    assert isinstance(node, yaml.MappingNode)
    assert composed("") is None


def test_depth_is_bounded_before_anything_recurses() -> None:
    """Without the bound, 100,000 brackets end the process."""
    composed("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    for text in ("[" * (MAX_DEPTH + 1), "[" * 100_000, "- " * 2_000 + "a", "{a: " * 50_000):
        with pytest.raises(TooDeepError):
            composed(text)
