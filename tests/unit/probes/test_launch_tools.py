"""pdsh, ssh and their like."""

from __future__ import annotations

from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, ProbeResult, Severity
from dsdoctor.probes.clients.host import Completed
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.launch_tools import PROBES
from tests.unit.probes.fakes import FakeHost, said
from tests.unit.probes.gpu_site import asked, codes, severity
from tests.unit.probes.network_site import site

PDSH = "pdsh-2.34 (+readline+debug)\nrcmd modules: {}\nmisc modules: genders\n"
FULL: dict[str, Completed | Exception] = {
    "pdsh": said(PDSH.format("ssh,rsh,exec (default: rsh)")),
    "ssh": said(),
}
LAUNCH = "deepspeed --hostfile hosts train.py"


def look(
    pack: Pack, commands: dict[str, Completed | Exception], launch: str = LAUNCH, **more: Any
) -> ProbeResult:
    host = FakeHost(commands=commands)
    return asked(PROBES, site(host=host, launch=launch, **{"hosts": 2, **more}), pack)


def test_healthy(pack: Pack) -> None:
    result = look(pack, FULL)
    assert (result.outcome, result.summary) == (
        Outcome.OK,
        "pdsh, ssh found for --launcher pdsh",
    )
    assert result.facts == {"launcher": "pdsh", "missing": []}


def test_nothing_is_there(pack: Pack) -> None:
    result = look(pack, {})
    assert codes(result) == ["DSL041", "DSL041"]
    assert result.findings[0].message.startswith("pdsh is not installed on this host")
    assert {item.severity for item in result.findings} == {Severity.FATAL}
    assert {item.severity for item in look(pack, {}, "").findings} == {Severity.ERROR}


@pytest.mark.parametrize(
    ("launcher", "program"), [("openmpi", "ompi_info"), ("IMPI", "mpirun"), ("slurm", "sinfo")]
)
def test_another_launcher(pack: Pack, launcher: str, program: str) -> None:
    launch = f"deepspeed --launcher {launcher} train.py"
    assert codes(look(pack, FULL, launch)) == ["DSL041"]
    assert not codes(look(pack, {program: said()}, launch))


@pytest.mark.parametrize("modules", ["rsh,exec (default: rsh)", "rsh (default: rsh)"])
def test_pdsh_without_ssh(pack: Pack, modules: str) -> None:
    result = look(pack, {**FULL, "pdsh": said(PDSH.format(modules))})
    assert codes(result) == ["DSL054"]
    assert severity(result) is Severity.FATAL


@pytest.mark.parametrize(
    ("launch", "hosts", "why"),
    [
        (LAUNCH, 1, "the job runs on one host"),
        ("srun python train.py", 2, "srun does not start other hosts by ssh"),
        ("deepspeed --no_ssh --node_rank 0 t.py", 2, "--no_ssh: every host is started by hand"),
        ("deepspeed --launcher nosuch t.py", 2, "DeepSpeed has no launcher 'nosuch'"),
    ],
)
def test_skipped(pack: Pack, launch: str, hosts: int, why: str) -> None:
    result = look(pack, FULL, launch, hosts=hosts)
    assert (result.outcome, result.note) == (Outcome.SKIPPED, why)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(Unavailable("pdsh did not answer"), Outcome.SKIPPED), (ValueError("odd"), Outcome.CRASHED)],
)
def test_no_answer(pack: Pack, error: Exception, outcome: Outcome) -> None:
    assert look(pack, {**FULL, "pdsh": error}).outcome is outcome
