"""Every key of every model of the installed DeepSpeed, with values that are easy to get wrong."""

from __future__ import annotations

import copy
import importlib
import logging
import math
from typing import Any

import pytest

from dsdoctor.job.place import Path, dotted
from dsdoctor.job.schema import Block, Key, coerce, load_schema
from tools.ds_schema.facts import OTHERS_DECIDE, READ_LATER, RELATED
from tools.ds_schema.probes import refusal

with pytest.MonkeyPatch.context() as patch:
    patch.setenv("DS_ACCELERATOR", "cpu")
    # Its imports warn on some platforms: its own affair, not ours.
    deepspeed = pytest.importorskip("deepspeed", exc_type=ImportError)

# DeepSpeed 0.15 and 0.16 read an attribute that today's pydantic warns about.
pytestmark = pytest.mark.filterwarnings("ignore:Accessing the 'model_fields' attribute")

SCHEMA = load_schema(deepspeed.__version__)
NUMBERS = [0, 1, 2, 3, 4, -1, 7, 1e9, 5e8, 2.0, 1.0, 0.0, 0.5, 2.5, -0.5, 1e-8, 1e19, 1e30, 2**70]
ODD_NUMBERS = [
    math.nan,
    math.inf,
    -math.inf,
    True,
    False,
    None,
    -(2**63),
    2.0**63,
    -(2.0**63),
    10**400,
]
WORDS = ["", "auto", "AUTO", "true", "True ", "FALSE", "yes", "n", "on", "none", "cpu", "CPU"]
WORDS += ["z1", "torch", "symmetric", "step", "epoch", "nan", "inf", "Infinity", "None", "nvme"]
DIGITS = ["0", "1", "2", "2.0", "2.", ".5", "2.5", "5e8", " 12 ", "+3", "-1", "1_000", "1__0", "_1"]
DIGITS += ["0x10", "1,000", "٣", "0.1", "1e-3", "1_0.5", "00", "- 1", "1" * 5000, "5.0e0", "1._0"]
DIGITS += ["\u00a012", "12\n", "1.0_0", "--1", "1 000", "3.000", "-0", "+ 1", "1e400", "\x1c1"]
DIGITS += ["1e1_0", "+.5", "5.", "+inf", "-Infinity", "1e", "infin", "e5", "0x1p3", "1_.5", "."]
LISTS: list[Any] = [[], [1], ["a"], ["z1", "z3"], ["z1", 1], [None], {}, {"a": 1}, [["a", 1]]]
LISTS += [[[]], ["auto"], [["enabled", True]], ["ab"]]
VALUES = [*NUMBERS, *ODD_NUMBERS, *WORDS, *DIGITS, *LISTS]

PLAIN_VALUES: list[Any] = [None, True, False, 0, 1, 2, -1, 2.0, 0.5, "fp16", "WARN", "sum", "8"]
PLAIN_VALUES += ["true", "auto", ["a"], [1]]
AUTO_IS_DROPPED = ("comet", "csv_monitor", "tensorboard", "wandb")
"""Whole blocks that a model above them drops where "auto" stands in their place."""

MODELS: list[tuple[Path, Block]] = [(path, b) for path, b in SCHEMA.blocks.items() if b.model]


def model_of(block: Block) -> Any:
    module, _, name = block.model.rpartition(".")
    return getattr(importlib.import_module(module), name)


def asked(model: Any, key: Key, value: Any) -> tuple[bool, Any]:
    """The model's own answer."""
    name = key.aliases[0] if key.aliases else key.name
    try:
        made = model(**{key.name: copy.deepcopy(value)})
    except Exception:  # noqa: BLE001  # any exception is a refusal
        return False, value
    return True, getattr(made, name, None)


def with_company(key: Key) -> dict[str, Any]:
    """What must stand beside a key so that only its own value is judged."""
    return {"stage": 2} if key.name == "compute_grad_norm" else {}


def comparable(value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    if isinstance(value, list | tuple):
        return [comparable(item) for item in value]
    if hasattr(value, "__fspath__"):
        return str(value)
    return value.value if hasattr(value, "value") else value


def same(key: Key, ours: Any, theirs: Any) -> bool:
    if key.type == "block" or key.deprecated or key.name == "overlap_comm":
        return True  # a model, or moved to another key, or filled in
    if key.type == "path" and isinstance(theirs, object) and ours is not None:
        return str(theirs) in (ours, ours or ".")
    if key.rule == "string_or_list":
        ours = list(dict.fromkeys(ours))
    return bool(
        comparable(ours) == comparable(theirs)
        and isinstance(comparable(ours), bool) is isinstance(comparable(theirs), bool)
    )


def is_dropped(block: Block, value: Any) -> bool:
    return block.drops_auto and isinstance(value, str) and value == "auto"


def disagreements(path: Path, block: Block) -> tuple[int, list[str]]:
    model, tried, wrong = model_of(block), 0, []
    for key in block.keys:
        if key.type == "block":
            values = [value for value in VALUES if not isinstance(value, dict)]
        else:
            values = VALUES
        for value in values:
            if is_dropped(block, value):
                continue
            tried += 1
            theirs = asked_in_company(model, key, value)
            ours = coerce(key, copy.deepcopy(value))
            if ours[0] is not theirs[0] or (ours[0] and not same(key, ours[1], theirs[1])):
                wrong.append(
                    f"{dotted((*path, key.name))} = {str(value)[:40]!r}: {ours} / {theirs}"
                )
    return tried, wrong


def asked_in_company(model: Any, key: Key, value: Any) -> tuple[bool, Any]:
    company = with_company(key)
    if not company:
        return asked(model, key, value)
    return asked(lambda **given: model(**company, **given), key, value)


@pytest.fixture(autouse=True)
def quiet() -> Any:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.skipif(SCHEMA.version != deepspeed.__version__, reason="another patch of this line")
@pytest.mark.parametrize(("path", "block"), MODELS, ids=[dotted(path) for path, _ in MODELS])
def test_every_value_is_judged_as_deepspeed_judges_it(path: Path, block: Block) -> None:
    tried, wrong = disagreements(path, block)
    assert tried >= 40 * len(block.keys)
    assert wrong == []


@pytest.mark.parametrize(("path", "block"), MODELS, ids=[dotted(path) for path, _ in MODELS])
def test_auto_is_dropped_where_the_schema_says_so(path: Path, block: Block) -> None:
    model = model_of(block)
    for key in block.keys:
        accepted, _ = asked(model, key, "auto")
        expected = block.drops_auto or coerce(key, "auto")[0]
        assert accepted is expected, dotted((*path, key.name))


@pytest.mark.parametrize(("path", "block"), MODELS, ids=[dotted(path) for path, _ in MODELS])
def test_unknown_keys_are_refused(path: Path, block: Block) -> None:  # noqa: ARG001
    assert not asked(model_of(block), Key(name="no_such_key", type="any"), 1)[0]


PLAIN = [path for path, block in SCHEMA.blocks.items() if not block.model]


@pytest.mark.skipif(SCHEMA.version != deepspeed.__version__, reason="another patch of this line")
@pytest.mark.parametrize("path", PLAIN, ids=[dotted(path) or "top" for path in PLAIN])
def test_every_value_that_stops_the_file_from_being_read_is_known(path: Path) -> None:
    from deepspeed.runtime.config import DeepSpeedConfig

    wrong = []
    for key in SCHEMA.blocks[path].keys:
        name = dotted((*path, key.name))
        if name in OTHERS_DECIDE or name in READ_LATER:
            continue
        for value in PLAIN_VALUES:
            if (value is None and name in RELATED) or (value == "auto" and name in AUTO_IS_DROPPED):
                continue
            if coerce(key, value)[0] is not (refusal(DeepSpeedConfig, name, value) is None):
                wrong.append(f"{name} = {value!r}")
    assert wrong == []
