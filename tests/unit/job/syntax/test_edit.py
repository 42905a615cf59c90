"""Merge patches on the text: what is not named stays as it is."""

from __future__ import annotations

from typing import Any

import pytest

from dsdoctor.job.syntax.edit import drop_duplicates, edit
from dsdoctor.job.syntax.parser import parse

TEXT = """\
{
    // sizes
    "train_batch_size": 64,          // global
    "gradient_clipping": 1.0,   # keep 1.0

    /* precision */
    "fp16": {"enabled": true, "loss_scale": 0},
    "zero_optimization": {
        "stage": 2, // two
        "offload_optimizer": {
            "device": cpu # the host
            "pin_memory": True, # fast
        },
        "overlap_comm": true  // yes
    }
}
"""


def edited(text: str, patch: dict[str, Any]) -> str:
    return edit(parse(text, "ds.json"), patch)


@pytest.mark.parametrize(
    ("patch", "before", "after"),
    [
        ({"train_batch_size": 32}, "64,  ", "32,  "),
        ({"gradient_clipping": None}, '    "gradient_clipping": 1.0,   # keep 1.0\n', ""),
        ({"fp16": {"enabled": False}}, "true, ", "false, "),
        ({"fp16": {"enabled": None}}, '"enabled": true, ', ""),
        ({"fp16": {"loss_scale": None}}, ', "loss_scale": 0', ""),
        ({"fp16": {"auto_cast": False}}, '": 0}', '": 0, "auto_cast": false}'),
        ({"fp16": {"x": {"y": 1}}}, '": 0}', '": 0, "x": {"y": 1}}'),
        ({"fp16": None}, '    "fp16": {"enabled": true, "loss_scale": 0},\n', ""),
        ({"fp16": "auto"}, '{"enabled": true, "loss_scale": 0}', '"auto"'),
        (
            {"zero_optimization": {"overlap_comm": None}},
            '        },\n        "overlap_comm": true  // yes\n',
            "        }\n",
        ),
        (
            {"zero_optimization": {"reduce_scatter": True}},
            "true  // yes\n",
            'true,  // yes\n        "reduce_scatter": true\n',
        ),
        (
            {"zero_optimization": {"offload_optimizer": {"pin_memory": True}}},
            "True, # fast",
            "true, # fast",
        ),
        (
            {"zero_optimization": {"offload_optimizer": {"device": "nvme", "ratio": 0.5}}},
            'cpu # the host\n            "pin_memory": True, # fast\n',
            '"nvme" # the host\n            "pin_memory": True, # fast\n            "ratio": 0.5\n',
        ),
        (
            {"bf16": {"enabled": True, "x": {}}},
            "yes\n    }\n",
            'yes\n    },\n    "bf16": {\n        "enabled": true,\n        "x": {}\n    }\n',
        ),
        ({"train_batch_size": 64.0, "absent": None, "fp16": {"gone": None}}, "", ""),
    ],
)
def test_one_change_is_one_change(patch: dict[str, Any], before: str, after: str) -> None:
    assert TEXT.count(before) == 1 or not before
    assert edited(TEXT, patch) == TEXT.replace(before, after)


@pytest.mark.parametrize(
    ("text", "patch", "after"),
    [
        ("{}\n", {"a": {"b": 1}}, '{\n  "a": {\n    "b": 1\n  }\n}\n'),
        ("", {"a": 1}, '{\n  "a": 1\n}\n'),
        ("# nothing", {"a": 1}, '# nothing\n{\n  "a": 1\n}\n'),
        ("{\n  # none\n}\n", {"a": 1}, '{\n  # none\n  "a": 1\n}\n'),
        ("{ /* none */ }", {"a": 1}, '{ /* none */ "a": 1 }'),
        ('{"a":1,"b":{}}', {"b": {"c": [1, 2]}}, '{"a":1,"b":{"c":[1,2]}}'),
        ('{"a": 1, "b": {}}', {"b": {"c": {"d": 1}}}, '{"a": 1, "b": {"c": {"d": 1}}}'),
        ('{ "a": 1, "b": 2 }', {"a": None}, '{ "b": 2 }'),
        ('{ "a": 1, "b": 2 }', {"b": None}, '{ "a": 1 }'),
        ('{ "a": 1, "b": 2 }', {"a": None, "b": None}, "{ }"),
        ('{ "a": 1, }', {"b": 2}, '{ "a": 1, "b": 2, }'),
        ('{\r\n\t"a": 1\r\n}', {"b": {"c": 1}},
         '{\r\n\t"a": 1,\r\n\t"b": {\r\n\t\t"c": 1\r\n\t}\r\n}'),
        ('{\r\n\t"a": 1,\r\n\t"b": 2\r\n}', {"b": None}, '{\r\n\t"a": 1\r\n}'),
        ('{\n  "a": 1,\n  "b": 2,\n}', {"b": None}, '{\n  "a": 1,\n}'),
        ('{\n  "a": 1,\n}', {"b": 2}, '{\n  "a": 1,\n  "b": 2,\n}'),
        ("{\n  a: 1\n  b: x\n}", {"c": 2}, '{\n  a: 1\n  b: x\n  "c": 2\n}'),
        ("{\n  a: 1\n  b: 2\n}", {"c": 2}, '{\n  a: 1\n  b: 2\n  "c": 2\n}'),
        ('{\n  "a": 1\n  , "b": 2\n  , "c": 3\n}', {"b": None}, '{\n  "a": 1\n  , "c": 3\n}'),
        ('{\n  "a": 1\n  , "b": 2\n  , "c": 3\n}', {"c": None}, '{\n  "a": 1\n  , "b": 2\n}'),
        ('{\n    "a": 1\n  , "b": 2\n}', {"a": None}, '{\n    "b": 2\n}'),
        ('{"a": 1,\n "b": 2}', {"b": None}, '{"a": 1\n }'),
        ('{"a": 1,\n "b": 2}', {"c": 3}, '{"a": 1,\n "b": 2,\n "c": 3}'),
        ('{ "a": 1, // one\n  "b": 2 }', {"a": None}, '{ // one\n  "b": 2 }'),
        ('{\n  "a": 1 /* one */, // first\n  "b": 2\n}', {"a": None}, '{\n  "b": 2\n}'),
        ('{\n  "a": 1, /* of\n  b */ "b": 2\n}', {"a": None}, '{\n  /* of\n  b */ "b": 2\n}'),
        ('{\n  // about a\n  "a": 1,\n  "b": 2\n}', {"a": None}, '{\n  // about a\n  "b": 2\n}'),
        ("a: one\nb: 2\n", {"a": None, "c": {"d": 1}}, 'b: 2\n"c": {\n  "d": 1\n}\n'),
        ("# top\na: one\n# end\n", {"a": None}, "# top\n{}\n# end\n"),
        ('{"a": "x" b: 1}', {"a": 5}, '{"a": 5, b: 1}'),
        ('{"a": "x" "b": 1}', {"a": "y"}, '{"a": "y" "b": 1}'),
        ("{a: see http://x/y\n}", {"a": "z"}, '{a: "z"\n}'),
        ("{a: True\n, b: 1}", {"a": True}, "{a: true\n, b: 1}"),
        ("{'a': ''\"b\": 1,'c': 2}", {"b": None}, "{'a': '' 'c': 2}"),
        ('{"a": 1, "b": {"c": 1}, "a": 2}', {"a": 3}, '{"a": 1, "b": {"c": 1}, "a": 3}'),
        ('{"a": 1, "b": {"a": 1, "a": 2}, "a": 2}', {"a": None}, '{"b": {"a": 1, "a": 2}}'),
        ('{"a": 5e8, "b": 1.50}', {"b": 1.5, "a": 500000000}, '{"a": 5e8, "b": 1.50}'),
        ('{"a": "x"}', {"a": "é\ud800"}, '{"a": "\\u00e9\\ud800"}'),
        ('{"a": 1}', {"a": True}, '{"a": true}'),
    ],
)  # fmt: skip
def test_new_text_follows_the_author(text: str, patch: dict[str, Any], after: str) -> None:
    assert edited(text, patch) == after
    assert edited(after, patch) == after


def test_a_multiline_text_keeps_its_value_when_its_column_changes() -> None:
    text = "{ a: 1, b: '''one\n           two'''\n}\n"
    value = parse(text, "ds.json").data["b"]
    changed = parse(edited(text, {"a": 1000000}), "ds.json")
    assert changed.data == {"a": 1000000, "b": value}
    last_line = parse(edited("{a: '''x''', b: 1,\nc: 2\n}", {"c": None}), "ds.json")
    assert last_line.data == {"a": "x", "b": 1}


def test_what_json_cannot_write_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        edited("{}", {"a": float("nan")})


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ('{\n  "a": 1, // one\n  "b": 2,\n  "a": 3\n}\n', '{\n  "b": 2,\n  "a": 3\n}\n'),
        ('{"a":1,"a":2,"a":3}', '{"a":3}'),
        ('{"a": 1, "a": 2,\n "a": 3}', '{\n "a": 3}'),
        ('{"a": 1\n, "a": 2\n, "a": 3}', '{"a": 3}'),
        ("a: x\na: y\n", "a: y\n"),
        ('{"a": [{"x": 1, "x": 2}], "b": {"c": 1, "c": 1}}', '{"a": [{"x": 2}], "b": {"c": 1}}'),
        ('{"a": {"x": 1, "x": 2}, "a": 1}', '{"a": 1}'),
        ('{"a": 1}', '{"a": 1}'),
    ],
)
def test_the_last_of_repeated_keys_stays(text: str, after: str) -> None:
    document = parse(text, "ds.json")
    assert drop_duplicates(document) == after
    kept = parse(after, "ds.json")
    assert kept.data == document.data
    assert not kept.duplicates
