"""Logging in to the hosts."""

from __future__ import annotations

from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, ProbeResult, Severity
from dsdoctor.probes.clients.host import Completed
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.ssh import MAX_HOSTS, PROBES
from tests.unit.probes.fakes import FakeHost, said
from tests.unit.probes.gpu_site import asked, codes, severity
from tests.unit.probes.network_site import site

LAUNCH = "deepspeed --hostfile hosts train.py"
NODES = ["node-1", "node-2"]


def line(name: str) -> str:
    return f"ssh -o BatchMode=yes -o ConnectTimeout=4 -- {name} true"


def look(pack: Pack, host: FakeHost, **more: Any) -> ProbeResult:
    arguments = {"launch": LAUNCH, "hostfile": NODES, **more}
    return asked(PROBES, site(host=host, **arguments), pack)


def second(answer: Completed | Exception) -> FakeHost:
    return FakeHost(commands={"ssh": said(), line("node-2"): answer})


def test_healthy(pack: Pack) -> None:
    result = look(pack, second(said()))
    assert (result.outcome, result.summary) == (Outcome.OK, "2 of 2 hosts let ssh in")
    assert result.facts == {"hosts": 2, "failed": []}


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("ann@node-2: Permission denied (publickey).", "DSL052", "refused by node-2"),
        ("Host key verification failed.", "DSL051", "key of node-2"),
        (
            "ssh: connect to host node-2 port 22: Connection refused",
            "DSL053",
            "ssh cannot connect to node-2 (Connection refused)",
        ),
        (
            "ssh: Could not resolve hostname node-2: Name or service not known",
            "DSL053",
            "node-2 (Name or service not known)",
        ),
        ("kex_exchange_identification: read: Connection reset", "DSL053", "Connection reset"),
        ("", "DSL053", "node-2 (ssh ended with code 255)"),
    ],
)
def test_a_host_does_not_let_in(pack: Pack, words: str, code: str, told: str) -> None:
    result = look(pack, second(said(code=255, err=words + "\r\n")))
    assert codes(result) == [code]
    assert told in result.findings[0].message
    assert severity(result) is Severity.FATAL
    assert result.facts["failed"] == ["node-2"]


def test_a_host_that_hangs(pack: Pack) -> None:
    result = look(pack, second(Unavailable("ssh did not answer in 8 s")))
    assert codes(result) == ["DSL053"]
    assert "did not answer" in result.findings[0].message


def test_all_hosts_of_one_trouble_make_one_finding(pack: Pack) -> None:
    host = FakeHost(commands={"ssh": said(code=255, err="Permission denied (publickey).")})
    result = look(pack, host, hostfile=[f"node-{index}" for index in range(40)])
    assert codes(result) == ["DSL052"]
    assert result.findings[0].message.endswith("node-0, node-1, node-2, node-3 and 12 more")
    assert len(host.ran) == MAX_HOSTS


def test_the_exit_code_of_the_other_side_is_no_trouble(pack: Pack) -> None:
    assert not codes(look(pack, second(said(code=127, err="true: not found"))))


def test_a_port_and_hostile_names(pack: Pack) -> None:
    host = FakeHost(commands={"ssh": said()})
    launch = "deepspeed --ssh_port 2222 train.py"
    look(pack, host, launch=launch, hostfile=["-oProxyCommand=reboot", "node-1; reboot", "node-1"])
    assert [words[-5:] for words in host.ran] == [("-p", "2222", "--", "node-1", "true")]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"hostfile": []}, "the job runs on one host"),
        ({"hostfile": [], "hosts": 2}, "no hostfile was given"),
        ({"launch": "torchrun train.py"}, "torchrun does not start other hosts by ssh"),
    ],
)
def test_skipped(pack: Pack, more: dict[str, Any], why: str) -> None:
    result = look(pack, second(said()), **more)
    assert (result.outcome, result.note) == (Outcome.SKIPPED, why)


def test_no_ssh(pack: Pack) -> None:
    assert look(pack, FakeHost()).note == "ssh is not installed (see launch-tools)"


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(Unavailable("gone"), Outcome.SKIPPED), (ValueError("odd"), Outcome.CRASHED)],
)
def test_no_answer(pack: Pack, error: Exception, outcome: Outcome) -> None:
    assert look(pack, FakeHost(broken=error)).outcome is outcome
