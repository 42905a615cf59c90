"""CUDA_VISIBLE_DEVICES as CUDA reads it."""

from __future__ import annotations

import pytest

from dsdoctor.probes.clients.gpus import Gpu
from dsdoctor.probes.visible_devices import Visible, launcher_ignores, visible_devices
from tests.unit.probes.fakes_gpus import gpu
from tests.unit.probes.fakes_job import job

FOUR = tuple(gpu(index) for index in range(4))
UUIDS = [card.uuid for card in FOUR]
MIG = (
    gpu(0, mig=True, mig_uuids=("MIG-aaaa-1", "MIG-aaab-2")),
    gpu(1, mig=True, mig_uuids=("MIG-bbbb-1",)),
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, (0, 1, 2, 3)),
        ("0,1,2,3", (0, 1, 2, 3)),
        ("3,1", (3, 1)),
        (" 0 , 1 ", (0, 1)),
        ("+1,02", (1, 2)),
        ("0,1,", (0, 1)),
    ],
)
def test_all_is_well(value: str | None, expected: tuple[int, ...]) -> None:
    seen = visible_devices(value, FOUR)
    assert (seen.indices, seen.missing, seen.repeated, seen.misread) == (expected, "", "", None)


@pytest.mark.parametrize(
    ("value", "expected", "missing"),
    [
        ("0,1,4", (0, 1), "4"),
        ("4,0,1", (), "4"),
        ("0,junk,1", (0,), "junk"),
        ("0,1,-1,2", (0, 1), "-1"),
        ("0,,1", (0,), "(empty)"),
        (",0", (), "(empty)"),
        ("all", (), "all"),
        ("0,GPU-00000001", (0,), "GPU-00000001"),
        ("GPU-00000001,0", (1,), "0"),
        ("GPU-ffff", (), "GPU-ffff"),
        ("GPU-0000000", (), "GPU-0000000"),
        ("12345678901234567890", (), "12345678901234567890"),
    ],
)
def test_the_first_that_names_nothing_hides_the_rest(
    value: str, expected: tuple[int, ...], missing: str
) -> None:
    seen = visible_devices(value, FOUR)
    assert (seen.indices, seen.missing) == (expected, missing)


@pytest.mark.parametrize("value", ["0,0", "0,1,0", "1,+1", "0,9,9", f"{UUIDS[2]},GPU-00000002"])
def test_a_repeated_one_hides_all(value: str) -> None:
    seen = visible_devices(value, FOUR)
    assert seen.indices == ()
    assert seen.repeated == value.rpartition(",")[2]


@pytest.mark.parametrize(
    ("value", "misread", "expected"),
    [
        ("0 1", ("0 1", "0"), (0,)),
        ("0;1", ("0;1", "0"), (0,)),
        ("0-3", ("0-3", "0"), (0,)),
        ("1gpu2,2ampere", ("1gpu2", "1"), (1, 2)),
        ("1.5", ("1.5", "1"), (1,)),
    ],
)
def test_what_stands_behind_a_number_is_not_read(
    value: str, misread: tuple[str, str], expected: tuple[int, ...]
) -> None:
    seen = visible_devices(value, FOUR)
    assert (seen.misread, seen.indices, seen.numbers) == (misread, expected, False)


@pytest.mark.parametrize("value", ["", " ", "-1", "NoDevFiles", "none"])
def test_hidden(value: str) -> None:
    seen = visible_devices(value, FOUR)
    assert seen.hidden
    assert seen.indices == ()


def test_uuids() -> None:
    assert visible_devices(f"{UUIDS[3]},{UUIDS[0]}", FOUR) == Visible((3, 0), numbers=False)
    assert visible_devices("GPU-00000001", FOUR).indices == (1,)


def test_numbers_count_the_gpus_that_this_process_may_use() -> None:
    """In a job with GPUs 2 and 3 of a node, CUDA calls them 0 and 1."""
    assert visible_devices("0,1", FOUR[2:]).indices == (2, 3)
    assert visible_devices("2", FOUR[2:]).missing == "2"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("MIG-aaaa-1", (0,)),
        ("MIG-aaaa-1,MIG-aaab-2,MIG-bbbb-1", (0, 0, 1)),
        (f"MIG-{UUIDS[1]}/1/0", (1,)),
        ("MIG-b", (1,)),
    ],
)
def test_instances(value: str, expected: tuple[int, ...]) -> None:
    seen = visible_devices(value, MIG)
    assert (seen.indices, seen.missing) == (expected, "")


@pytest.mark.parametrize("value", ["MIG-cccc", "MIG-aaa", "MIG-GPU-00000009-1/1/0", "MIG-"])
def test_instances_that_are_not_there(value: str) -> None:
    assert visible_devices(value, MIG).missing == value


def test_an_instance_named_twice() -> None:
    assert visible_devices("MIG-bbbb-1,MIG-bbbb-1", MIG).repeated == "MIG-bbbb-1"


def test_a_very_long_list_ends() -> None:
    many = tuple(Gpu(index) for index in range(8))
    assert visible_devices("0" * 5_000_000, many).misread is None
    assert visible_devices(",".join(["0"] * 1_000_000), many).repeated == "0"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("deepspeed train.py", False),
        ("deepspeed --num_gpus 2 train.py", True),
        ("deepspeed --include localhost:0,1 train.py", True),
        ("deepspeed --exclude localhost:0 train.py", True),
        ("deepspeed --hostfile hosts train.py", True),
        ("deepspeed --num_nodes 2 train.py", True),
        ("deepspeed --num_nodes 1 train.py", False),
        ("torchrun --nproc_per_node 2 train.py", False),
    ],
)
def test_when_the_deepspeed_launcher_sets_it_anew(line: str, expected: bool) -> None:
    launch = job(launch=line).launch
    assert launch is not None
    assert launcher_ignores("0,1", launch) is expected
    assert not launcher_ignores("", launch)
    assert not launcher_ignores(None, launch)
    assert not launcher_ignores("0,1", None)
