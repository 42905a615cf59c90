"""The kept inputs and the first seeds of every target, without a fuzzer; and the guard itself."""

from __future__ import annotations

import time
from itertools import islice

import pytest

from dsdoctor.errors import UsageError
from tests.fuzz.choices import Choices
from tests.fuzz.guard import MAX_INPUT, TooSlowError, assert_plain, guarded, pumped, within
from tests.fuzz.kept import FOLDER, kept_files
from tests.fuzz.registry import MODULES, target
from tests.fuzz.words import MAX_WORD, dictionary

SEEDS = 40
KEPT = [(name, path) for name in MODULES for path in kept_files(name)]


@pytest.mark.parametrize(("name", "path"), KEPT, ids=[f"{name}-{path.name}" for name, path in KEPT])
def test_what_was_found_stays_mended(name: str, path: object) -> None:
    """An input that once broke a reader. See docs/fuzzing.md."""
    target(name).one(next(item for item in kept_files(name) if item == path).read_bytes())


@pytest.mark.parametrize("name", MODULES)
def test_seeds_pass(name: str) -> None:
    """A target begins with inputs that hold; some of them also pumped up to the limit."""
    chosen = target(name)
    seeds = list(islice(chosen.seeds(), SEEDS))
    assert seeds
    for number, data in enumerate(seeds):
        chosen.one(data)
        if number % 20 == 0:
            within(chosen.run, pumped(data), 5.0)


def test_every_folder_of_kept_inputs_has_a_target() -> None:
    assert {path.name for path in FOLDER.iterdir()} <= MODULES.keys()


def test_a_fault_is_no_answer() -> None:
    """Our own errors are; anything else goes through."""

    def raises(error: Exception) -> None:
        guarded(lambda _: (_ for _ in ()).throw(error))(b"x")

    raises(UsageError("no"))
    with pytest.raises(KeyError):
        raises(KeyError("x"))


def test_a_slow_reader_is_told() -> None:
    """By processor time."""

    def busy(_: bytes) -> None:
        end = time.process_time() + 0.03
        while time.process_time() < end:
            pass

    within(busy, b"x", 1.0)
    with pytest.raises(TooSlowError):
        within(busy, b"x", 0.02)


def test_pumping_repeats_a_piece_up_to_the_limit() -> None:
    long = pumped(b"ab")
    assert MAX_INPUT - 32 < len(long) <= MAX_INPUT
    assert set(long) <= set(b"ab")


@pytest.mark.parametrize("text", ["\x1b[31m", "\x7f", "\u202e", "\x9b", "\ud800", "\r"])
def test_control_characters_are_not_plain(text: str) -> None:
    with pytest.raises(AssertionError):
        assert_plain(f"a{text}b")
    assert_plain("a\tb\nc│ü")


def test_decisions_end() -> None:
    choices = Choices(b"\1\2\3")
    assert [choices.number(4), choices.pick("abc"), choices.rest(), choices.byte()] == [
        1,
        "c",
        b"\3",
        0,
    ]
    assert not choices


def test_a_dictionary_is_what_libfuzzer_reads() -> None:
    assert dictionary(["a\n", "", "ü", "x" * 100]) == (
        b'"\\x61\\x0a"\n"\\xc3\\xbc"\n"' + b"\\x78" * MAX_WORD + b'"\n'
    )
