"""Memory that others hold."""

from __future__ import annotations

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, Severity
from dsdoctor.probes.clients.gpus import GpuProcess, Mark
from dsdoctor.probes.gpu_memory import PROBES
from tests.unit.probes.fakes_gpus import gpu, held, machine, process
from tests.unit.probes.fakes_job import job
from tests.unit.probes.gpu_site import GpuHost, asked, codes, severity, site
from tests.unit.probes.gpu_ways import (
    skips_what_is_not_there,
    skips_without_a_readable_gpu,
    tells_of_a_broken_client,
)


def test_free(pack: Pack) -> None:
    result = asked(PROBES, site(machine()), pack)
    assert (result.outcome, result.summary) == (Outcome.OK, "8 free")
    assert result.facts == {"held_gib": {}}


def test_who_and_how_much(pack: Pack) -> None:
    taken = gpu(1, **held(120_000, process(4711, 119_500)))
    result = asked(PROBES, site(machine(gpu(0), taken)), pack)
    assert codes(result) == ["DSH004"]
    assert severity(result) is Severity.ERROR
    assert result.findings[0].message == (
        "Other processes hold memory of the GPUs: GPU 1 (0000:07:00): 117.2 GiB: "
        "python3 (pid 4711, user ann, 116.7 GiB)"
    )
    assert result.findings[0].remedies[0].command == "ps -o user,pid,lstart,args -p 4711"
    assert result.facts == {"held_gib": {"1": 117}}


def test_less_than_half_is_a_warning(pack: Pack) -> None:
    result = asked(PROBES, site(machine(gpu(0, **held(40_000, process())))), pack)
    assert (codes(result), severity(result)) == (["DSH004"], Severity.WARNING)


@pytest.mark.parametrize(
    ("mib", "expected"), [(120_000, Severity.ERROR), (9_000, Severity.WARNING)]
)
def test_memory_without_a_process(pack: Pack, mib: int, expected: Severity) -> None:
    result = asked(PROBES, site(machine(gpu(0, **held(mib)))), pack)
    assert (codes(result), severity(result)) == (["DSH053"], expected)


def test_a_process_of_another_container_has_no_name(pack: Pack) -> None:
    unseen = GpuProcess(91, "", "", Mark.UNSUPPORTED)
    taken = gpu(0, **held(90_000, unseen, process(5, 10)))
    result = asked(PROBES, site(machine(taken)), pack)
    assert "a process out of sight (pid 91), python3" in result.findings[0].message
    assert result.findings[0].remedies[0].command.endswith("-p 5")


def test_what_a_context_or_a_screen_takes_is_not_worth_a_word(pack: Pack) -> None:
    little = gpu(0, **held(490, process(name="Xorg", mib=490)))
    assert not codes(asked(PROBES, site(machine(little)), pack))


def test_a_desktop_on_the_gpu_is_named(pack: Pack) -> None:
    drawing = GpuProcess(8, "gnome-shell", "ann", 3 << 30, computes=False)
    result = asked(PROBES, site(machine(gpu(0, **held(3_072, drawing)))), pack)
    assert "gnome-shell (display server, pid 8, user ann, 3.0 GiB)" in result.findings[0].message
    assert severity(result) is Severity.WARNING


def test_many_processes_are_cut_short(pack: Pack) -> None:
    crowd = [process(pid, 1_000) for pid in range(100, 110)]
    result = asked(PROBES, site(machine(gpu(0, **held(10_000, *crowd)))), pack)
    assert result.findings[0].message.endswith(" and 7 more")


def test_many_gpus_are_cut_short(pack: Pack) -> None:
    crowd = [gpu(index, **held(10_000, process(index + 1))) for index in range(16)]
    result = asked(PROBES, site(machine(*crowd)), pack)
    assert codes(result) == ["DSH004"]
    assert result.findings[0].message.endswith("; and 8 more")
    assert result.summary == "in use on 16 of 16"


def test_without_the_sum_the_processes_count(pack: Pack) -> None:
    taken = gpu(0, memory=Mark.NO_PERMISSION, processes=(process(1, 8_192),))
    result = asked(PROBES, site(machine(taken)), pack)
    assert (codes(result), severity(result)) == (["DSH004"], Severity.WARNING)
    assert "8.0 GiB: python3" in result.findings[0].message


def test_a_gpu_that_the_job_does_not_take_may_be_full(pack: Pack) -> None:
    full = machine(gpu(0), gpu(1, **held(120_000, process())))
    host = GpuHost(environment={"CUDA_VISIBLE_DEVICES": "0"})
    assert not codes(asked(PROBES, site(full, host), pack))
    assert not codes(asked(PROBES, site(full, wanted_gpus=1), pack))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("deepspeed --include localhost:2,3 train.py", ["DSH004"]),
        ("deepspeed --include localhost:0,1 train.py", []),
        ("deepspeed --include node-1:3@node-2:0 train.py", ["DSH004"]),
        ("deepspeed --include localhost train.py", ["DSH004"]),
        ("deepspeed --include localhost:9 train.py", ["DSH004"]),
        ("deepspeed --num_gpus 2 train.py", []),
        ("deepspeed --exclude localhost:3 train.py", ["DSH004"]),
    ],
)
def test_the_gpus_that_the_launch_line_names(pack: Pack, line: str, expected: list[str]) -> None:
    """Where the line leaves it open, all count."""
    full = machine(gpu(0), gpu(1), gpu(2), gpu(3, **held(120_000, process())))
    given = job(launch=line)
    assert codes(asked(PROBES, site(full, job=given), pack)) == expected
    elsewhere = GpuHost(environment={"CUDA_VISIBLE_DEVICES": "0"})
    assert codes(asked(PROBES, site(full, elsewhere, job=given), pack)) == expected


def test_skipped(pack: Pack) -> None:
    skips_what_is_not_there(PROBES, pack)
    skips_without_a_readable_gpu(PROBES, pack)


def test_client_raises(pack: Pack) -> None:
    tells_of_a_broken_client(PROBES, pack)
