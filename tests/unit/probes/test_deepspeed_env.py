"""The files of variables that DeepSpeed's launcher reads."""

from __future__ import annotations

from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, ProbeResult, Severity
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.deepspeed_env import PROBES
from tests.unit.probes.fakes import FakeHost
from tests.unit.probes.gpu_site import asked, codes, severity
from tests.unit.probes.network_site import site

FILE = "/home/ann/.deepspeed_env"
LAUNCH = "deepspeed --hostfile hosts train.py"


def look(pack: Pack, files: dict[str, str], **more: Any) -> ProbeResult:
    environment = {"HOME": "/home/ann", "PWD": "/work/job", **more.pop("variables", {})}
    return asked(PROBES, site(host=FakeHost(files, environment=environment), **more), pack)


def test_healthy(pack: Pack) -> None:
    files = {FILE: "NCCL_DEBUG=WARN\nB=x=y\n", "/work/job/.deepspeed_env": "PATH=/bin\n"}
    result = look(pack, files, hosts=2, launch=LAUNCH)
    assert result.outcome is Outcome.OK
    assert result.facts == {"names": ["B", "NCCL_DEBUG", "PATH"]}


@pytest.mark.parametrize(
    ("text", "line", "shown"),
    [("A=1\n\nB=2\n", 2, "(empty)"), ("# c\nA=1\n", 1, "'# c'"), ("export A\n", 1, "'export A'")],
)
def test_a_line_without_a_sign(pack: Pack, text: str, line: int, shown: str) -> None:
    result = look(pack, {FILE: text}, hosts=2, launch=LAUNCH)
    assert codes(result) == ["DSL043"]
    assert severity(result) is Severity.FATAL
    assert result.findings[0].message == f"Line {line} of {FILE} has no '=': {shown}"


def test_nobody_knows_the_launcher(pack: Pack) -> None:
    assert severity(look(pack, {FILE: "# c\n"}, hosts=2)) is Severity.WARNING
    assert severity(look(pack, {FILE: "# c\n"}, launch="deepspeed t.py")) is Severity.INFO


def test_another_name_of_the_file(pack: Pack) -> None:
    result = look(pack, {"/work/job/my.env": "# c\n"}, variables={"DS_ENV_FILE": "my.env"})
    assert codes(result) == ["DSL043"]


def test_skipped(pack: Pack) -> None:
    assert look(pack, {}).note == "there is no .deepspeed_env"
    result = look(pack, {FILE: "# c\n"}, launch="torchrun train.py")
    assert (result.outcome, result.note) == (
        Outcome.SKIPPED,
        "torchrun does not read .deepspeed_env",
    )


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(Unavailable("gone"), Outcome.SKIPPED), (ValueError("odd"), Outcome.CRASHED)],
)
def test_no_answer(pack: Pack, error: Exception, outcome: Outcome) -> None:
    assert asked(PROBES, site(host=FakeHost(broken=error)), pack).outcome is outcome
