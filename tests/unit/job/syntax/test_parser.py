"""Reading Hjson as DeepSpeed does: values, places, and errors that help."""

from __future__ import annotations

import time
from typing import Any

import pytest

from dsdoctor.errors import SourceError
from dsdoctor.job.place import Place
from dsdoctor.job.syntax.parser import MAX_DEPTH, MAX_VALUES, parse

# each expectation is what hjson.loads returns, see test_against_hjson.py
READ: list[tuple[str, dict[str, Any]]] = [
    ("", {}),
    ("  # nothing\n // at all\n/* here */", {}),
    ("\ufeff{}", {}),
    ('{"a": 1, "b": [1, 2], "c": {"d": null}}', {"a": 1, "b": [1, 2], "c": {"d": None}}),
    ('{"a": 1,}', {"a": 1}),
    ('{"a": [1, 2,],}', {"a": [1, 2]}),
    ('{\n"a": 1\n"b": 2\n}', {"a": 1, "b": 2}),
    ('{"a": "x" "b": {} "c": 3}', {"a": "x", "b": {}, "c": 3}),
    ("a: 1\nb: two words\n", {"a": 1, "b": "two words"}),
    ("{a: hello # no comment\n}", {"a": "hello # no comment"}),
    ("{a: 1 # a comment\nb: true // another\nc: null /* third */}", {"a": 1, "b": True, "c": None}),
    ('{"a": True,\n"b": 1}', {"a": "True,", "b": 1}),
    ('{"a": NaN\n}', {"a": "NaN"}),
    ("{a: 1.0, b: 1e5, c: 0.5, d: 1e10}", {"a": 1, "b": 100000, "c": 0.5, "d": 1e10}),
    ("{a: -0.0, b: -0}", {"a": 0, "b": 0}),
    ("{a: 01\nb: 1 2\nc: +1\nd: .5\n}", {"a": "01", "b": "1 2", "c": "+1", "d": ".5"}),
    ("{'a': 'it\\'s', \"b\": \"\\u00e9\\ud83d\\ude00\"}", {"a": "it's", "b": "é\U0001f600"}),
    ('{"a": "\\u00a\r\nz"}', {"a": "\nz"}),
    ("{a:\n  '''\n  one\n    two\n  '''\n}", {"a": "one\n  two"}),
    ("{\r\n  a: '''x\r\n     y'''\r\n}\r\n", {"a": "x\ny"}),
    ("a\n:\n1", {"a": 1}),
    ('"" /* empty */ : 1', {"": 1}),
    ('{"a": {"x": 1}, "a": 2}', {"a": 2}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "data"), READ, ids=[repr(text) for text, _ in READ])
def test_what_it_reads(text: str, data: dict[str, Any]) -> None:
    found = parse(text, "ds.json").data
    assert found == data
    assert repr(found) == repr(data), "1, 1.0 and True are equal in Python"


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("\ufeff# nothing", "1:10", "empty but for a byte order mark"),
        ("[1, 2]", "1:1", "a list, not an object"),
        ("hello", "1:1", "ends after 'hello'"),
        ('{"a": 1', "1:1", "the { that opens here is never closed"),
        ('{"a": [1, 2', "1:7", "the [ that opens here"),
        ('{"a": 1}\n}', "2:1", "text after the end"),
        ('{"a": 1} {"b": 2}', "1:10", "text after the end"),
        ('{"f": {"a": True},\n"b": 1\n}', "1:13", "'True},' has no quotes and runs to the end"),
        ('{\n  "a": "x\n}', "2:8", "not closed before the end of its line"),
        ('{"a": "x', "1:7", "not closed before the file ends"),
        ('{"a": "x\\', "1:7", "not closed before the file ends"),
        ('{"a": "C:\\new\\path"}', "1:14", "a backslash and 'p'"),
        ('{"a": "\\ud8"}', "1:8", "four hexadecimal digits"),
        ('{"a": "\\u-001"}', "1:8", "four hexadecimal digits"),
        ('{"a": "x\ty"}', "1:9", "bare control character"),
        ('{"a" 1}', "1:2", "no colon follows the key 'a'"),
        ("{a b: 1}", "1:2", "no colon follows the key 'a'"),
        ('{"a": , "b": 1}', "1:7", "a value is missing"),
        ('{"a": 1,, "b": 1}', "1:9", "one comma too many"),
        ('{"a": [1, 2}', "1:12", "a value is missing"),
        ('{"a": 1]}', "1:8", "one ] too many"),
        ("a: 1\n}", "2:1", "one } too many"),
        ("{: 1}", "1:2", "a key is expected"),
        ('{"a":', "1:6", "a value is missing: found the end"),
        ('{"a": 1 /* x }', "1:9", "never closed"),
        ("{a: '''x}\n", "1:5", "never closed"),
        ("{a: '''x'''}", "1:5", "file of one line"),
        ('{"a": 1e999}', "1:7", "too large"),
        (f'{{"a": {"1" * 5000}}}', "1:7", "too large"),
    ],
)
def test_errors_have_a_place_and_a_reason(text: str, where: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse(text, "ds.json")
    assert message in caught.value.message
    assert caught.value.location == f"ds.json:{where}"


def test_no_control_character_of_the_file_gets_into_an_error() -> None:
    with pytest.raises(SourceError) as caught:
        parse('{"a": 1} \x1b[31mred', "ds.json")
    assert "\x1b" not in str(caught.value)


TEXT = """\
{
  // sizes
  "train_batch_size": 64,
\tzero_optimization: {
    "stage": 2, "devices": ["cpu", {"path": "/x"}] }
}
"""


def test_keys_and_values_know_their_places() -> None:
    document = parse(TEXT, "ds.json")
    stage = ("zero_optimization", "stage")
    assert document.place(("train_batch_size",)) == Place("ds.json", 3, 3)
    assert document.value_place(("train_batch_size",)) == Place("ds.json", 3, 23)
    assert document.place(("zero_optimization",)) == Place("ds.json", 4, 2)
    assert document.place(stage) == Place("ds.json", 5, 5)
    assert document.place(("zero_optimization", "devices", "1")) == Place("ds.json", 5, 36)
    assert document.place(("zero_optimization", "devices", "1", "path")) == Place("ds.json", 5, 37)
    assert document.place(("zero_optimization", "absent")) is None
    assert document.place(("train_batch_size", "0")) is None
    assert document.place(()) == Place("ds.json", 1, 1)


def test_a_document_can_be_asked_by_path() -> None:
    document = parse('{"a": {"b": null, "c": [5]}}', "ds.json")
    assert document.has(("a", "b"))
    assert document.get(("a", "b"), 7) is None
    assert document.get(("a", "x"), 7) == 7
    assert document.get(("a", "c", "0")) == 5
    assert not document.has(("a", "c", "1"))
    assert not document.has(("a", "b", "c"))


def test_a_node_is_its_text() -> None:
    text = "{a: {b: two words \n'c' : [1.50, '''x''']}}\n"
    document = parse(text, "ds.json")
    spans = [text[node.start : node.end] for node in document.root.scalars()]
    assert spans == ["two words", "1.50", "'''x'''"]
    node = document.node(("a", "c"))
    assert node is not None
    assert text[node.start : node.end] == "[1.50, '''x''']"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_editors_do(end: str) -> None:
    document = parse(f'\ufeff{{{end}{end}  "a": 1{end}}}{end}', "ds.json")
    assert document.place(("a",)) == Place("ds.json", 3, 3)
    assert document.place(()) == Place("ds.json", 1, 1)
    assert document.line(1) == "{"
    assert document.line(3) == '  "a": 1'
    assert document.line(99) == document.line(0) == ""


def test_repeated_keys_are_recorded_at_any_depth() -> None:
    document = parse('{"a": 1,\n"b": [{"x": 1, "x": 2}],\n"a": 2,\n"a": 3}', "ds.json")
    found = {(item.path, str(item.first), str(item.second)) for item in document.duplicates}
    assert found == {
        (("a",), "ds.json:1", "ds.json:3"),
        (("a",), "ds.json:3", "ds.json:4"),
        (("b", "0", "x"), "ds.json:2", "ds.json:2"),
    }
    assert document.data == {"a": 3, "b": [{"x": 2}]}


def test_nesting_has_a_limit() -> None:
    inside = MAX_DEPTH - 1
    parse('{"a":' * inside + "{}" + "}" * inside, "ds.json")
    with pytest.raises(SourceError, match="nested deeper than 64"):
        parse('{"a":' * MAX_DEPTH + "{}" + "}" * MAX_DEPTH, "ds.json")
    with pytest.raises(SourceError, match="nested deeper than 64"):
        parse('{"a":' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}", "ds.json")


def test_a_data_set_is_no_configuration() -> None:
    with pytest.raises(SourceError, match=f"more than {MAX_VALUES} values"):
        parse("a:1\n" * (MAX_VALUES + 1), "ds.json")


SIZE = 4 << 20


def answer(text: str) -> str:
    """The error, or why the text is no strict JSON."""
    try:
        return str(parse(text, "ds.json").strict_error)
    except SourceError as error:
        return str(error)


@pytest.mark.parametrize(
    "text",
    [
        "[" * SIZE,
        '{"a":' + "[" * SIZE,
        "a:1\n" * (SIZE // 4),
        "\n" * SIZE,
        "#\n" * (SIZE // 2),
        "{a:n" + "," * SIZE + "\n}",
        '{"a":"' + "'" * SIZE + '"}',
        '{"a":"' + "\\n" * (SIZE // 2) + '"}',
        "{a:[" + "''''''" * (SIZE // 6) + "]}\n",
        "{a:" + "1" * SIZE + "}",
        "{a:0." + "1" * SIZE + "}",
        "{a:null" + " " * SIZE + "x\n}",
        "{" + "{a" * SIZE,
    ],
    ids=lambda text: repr(text[:8]),
)
def test_no_text_takes_long(text: str) -> None:
    """Two seconds on an idle core are plenty; the limit leaves room for a busy one."""
    start = time.process_time()
    assert len(answer(text)) < 400
    assert time.process_time() - start < 4
