"""Faults that GPUs remember, and Xids in the kernel's log."""

from __future__ import annotations

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, Severity
from dsdoctor.probes.clients.gpus import Fabric, Mark, Remapped
from dsdoctor.probes.clients.host import Completed
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.gpu_health import PROBES
from tests.unit.probes.fakes import said
from tests.unit.probes.fakes_gpus import gpu, machine
from tests.unit.probes.gpu_site import GpuHost, asked, codes, severity, site
from tests.unit.probes.gpu_ways import quiet, skips_what_is_not_there, tells_of_a_broken_client

BOOT = "[    0.000000] Linux version 6.8.0-60-generic\n"
FIRST = "PCI:0000:06:00"
DENIED = said(code=1, err="dmesg: read kernel buffer failed: Operation not permitted")


def xid(number: int, bus: str = FIRST, text: str = "pid=4711, name=python") -> str:
    return f"[ 3121.400000] NVRM: Xid ({bus}): {number}, {text}\n"


def kernel(*lines: str, **more: dict[str, str]) -> GpuHost:
    return GpuHost(commands={"dmesg": said(BOOT + "".join(lines))}, **more)  # type: ignore[arg-type]


def test_healthy(pack: Pack) -> None:
    result = asked(PROBES, site(machine(count=2), kernel()), pack)
    assert (result.outcome, result.summary) == (Outcome.OK, "no faults")
    assert result.facts == {"kernel_log": "dmesg", "ecc_ever": [0, 0], "remapped_rows": [0, 0]}


def test_a_card_that_tells_nothing_is_not_ill(pack: Pack) -> None:
    mute = gpu(
        0,
        ecc_now=Mark.UNSUPPORTED,
        ecc_ever=Mark.UNSUPPORTED,
        remapped=Mark.UNSUPPORTED,
        retired_pending=Mark.UNSUPPORTED,
        recovery=Mark.UNSUPPORTED,
        fabric=Mark.UNSUPPORTED,
    )
    result = asked(PROBES, site(machine(mute), kernel()), pack)
    assert result.outcome is Outcome.OK
    assert result.facts["remapped_rows"] == [None]


def test_errors_since_the_driver_started(pack: Pack) -> None:
    result = asked(PROBES, site(machine(gpu(0), gpu(1, ecc_now=3, ecc_ever=9)), kernel()), pack)
    assert (codes(result), severity(result)) == (["DSH048"], Severity.WARNING)
    assert "GPU 1 (0000:07:00): 3 since the driver started" in result.findings[0].message


def test_errors_of_earlier_times_are_for_information(pack: Pack) -> None:
    result = asked(PROBES, site(machine(gpu(0, ecc_ever=9)), kernel()), pack)
    assert (codes(result), severity(result)) == (["DSH048"], Severity.INFO)
    assert result.facts["ecc_ever"] == [9]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"remapped": Remapped(0, 1, pending=True, failed=False)}, "wait to be remapped"),
        ({"remapped": Remapped(0, 9, pending=False, failed=True)}, "could not be remapped"),
        ({"retired_pending": True}, "pages wait to be retired"),
        ({"recovery": 1}, "the driver asks for a reset of the GPU"),
        ({"recovery": 2}, "the driver asks for a reboot of the node"),
        ({"recovery": 42}, "the driver asks for action 42"),
    ],
)
def test_a_repair_that_waits(pack: Pack, changes: dict[str, object], words: str) -> None:
    result = asked(PROBES, site(machine(gpu(0, **changes)), kernel()), pack)
    assert (codes(result), severity(result)) == (["DSH049"], Severity.WARNING)
    assert words in result.findings[0].message


def test_rows_that_were_remapped_are_repaired(pack: Pack) -> None:
    mended = gpu(0, remapped=Remapped(2, 1, pending=False, failed=False))
    result = asked(PROBES, site(machine(mended), kernel()), pack)
    assert result.outcome is Outcome.OK
    assert result.facts["remapped_rows"] == [3]


def test_a_gpu_that_needs_a_reset_takes_no_work(pack: Pack) -> None:
    result = asked(PROBES, site(machine(gpu(0), gpu(1, mark=Mark.RESET)), kernel()), pack)
    assert (codes(result), severity(result)) == (["DSH049"], Severity.ERROR)
    assert "a reset is required" in result.findings[0].message


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (Fabric(1, 0, 0), "not started"),
        (Fabric(2, 0, 0), "in progress"),
        (Fabric(3, 999, 0), "ended with NVML status 999"),
        (Fabric(3, 0, 2), "unhealthy"),
        (Fabric(3, 0, 3), "limited capacity"),
    ],
)
def test_a_fabric_that_is_not_ready(pack: Pack, state: Fabric, words: str) -> None:
    result = asked(PROBES, site(machine(gpu(0, fabric=state)), kernel()), pack)
    assert (codes(result), severity(result)) == (["DSH058"], Severity.WARNING)
    assert words in result.findings[0].message


@pytest.mark.parametrize("state", [Fabric(3, 0, 1), Fabric(3, 0, 0), Fabric(0, 0, 0), Mark.FAILED])
def test_a_fabric_that_is_ready_or_not_there(pack: Pack, state: Fabric | Mark) -> None:
    assert not codes(asked(PROBES, site(machine(gpu(0, fabric=state)), kernel()), pack))


def test_xids_since_the_boot(pack: Pack) -> None:
    host = kernel(xid(48), xid(79), xid(79), xid(119, "PCI:0000:0d:00"))
    result = asked(PROBES, site(machine(), host), pack)
    assert (codes(result), severity(result)) == (["DSH135"], Severity.WARNING)
    message = result.findings[0].message
    assert "GPU 0 (0000:06:00): Xid 79 (the GPU has fallen off the bus), 2 times" in message
    assert "GPU 7 (0000:0d:00): Xid 119" in message
    assert [item.text for item in result.findings[0].evidence][-1].startswith("[ 3121.4")
    assert result.findings[0].evidence[0].file == "dmesg"


def test_xids_of_programs_are_no_fault_of_the_gpu(pack: Pack) -> None:
    host = kernel(xid(13), xid(31), xid(43), xid(45), xid(109), xid(137))
    assert not codes(asked(PROBES, site(machine(), host), pack))


@pytest.mark.parametrize("numbers", [(63,), (94,), (63, 92), (94, 43)])
def test_xids_that_were_dealt_with(pack: Pack, numbers: tuple[int, ...]) -> None:
    host = kernel(*map(xid, numbers))
    result = asked(PROBES, site(machine(), host), pack)
    assert (codes(result), severity(result)) == (["DSH135"], Severity.INFO)


def test_one_that_was_not_dealt_with_counts(pack: Pack) -> None:
    assert severity(asked(PROBES, site(machine(), kernel(xid(63), xid(64))), pack)) is (
        Severity.WARNING
    )


def test_another_number_and_another_card(pack: Pack) -> None:
    result = asked(PROBES, site(machine(), kernel(xid(9999, "PCI:0001:ff:00"))), pack)
    assert "0001:ff:00: Xid 9999" in result.findings[0].message


def test_xids_of_a_neighbour_s_gpu(pack: Pack) -> None:
    inside = kernel(xid(79, "PCI:0000:af:00"), environment={"KUBERNETES_SERVICE_HOST": "10.0.0.1"})
    assert not codes(asked(PROBES, site(machine(), inside), pack))
    outside = kernel(xid(79, "PCI:0000:af:00"))
    assert codes(asked(PROBES, site(machine(), outside), pack)) == ["DSH135"]


def test_many_kinds_are_cut_short(pack: Pack) -> None:
    host = kernel(*(xid(number) for number in range(140, 160) if number != 156))
    assert "; and 11 more" in asked(PROBES, site(machine(), host), pack).findings[0].message


@pytest.mark.parametrize(
    "dmesg", [DENIED, Unavailable("dmesg did not answer in 4 s"), said(""), said("Usage: dmesg\n")]
)
def test_the_journal_stands_in(pack: Pack, dmesg: Completed | Exception) -> None:
    line = f"Nov 21 10:00:00 node-1 kernel: {xid(79)[15:]}"
    host = GpuHost(commands={"dmesg": dmesg, "journalctl": said(line)})
    result = asked(PROBES, site(machine(), host), pack)
    assert codes(result) == ["DSH135"]
    assert result.facts["kernel_log"] == "journalctl"


def test_a_log_that_may_not_be_read_is_told(pack: Pack) -> None:
    host = GpuHost(commands={"dmesg": DENIED, "journalctl": said("")})
    for closed in (host, GpuHost()):
        result = asked(PROBES, site(machine(), closed), pack)
        assert result.outcome is Outcome.OK
        assert result.summary == "no faults; the kernel's log may not be read"
        assert result.facts["kernel_log"] == "not permitted"


def test_text_that_only_looks_like_an_xid(pack: Pack) -> None:
    host = kernel("[ 1.0] NVRM: Xid (PCI:0000:06:00: 79\n", "[ 2.0] python: Xid 79 is bad\n")
    assert quiet(asked(PROBES, site(machine(), host), pack))


def test_skipped(pack: Pack) -> None:
    skips_what_is_not_there(PROBES, pack)


def test_client_raises(pack: Pack) -> None:
    tells_of_a_broken_client(PROBES, pack)


def test_a_host_that_breaks(pack: Pack) -> None:
    result = asked(PROBES, site(machine(), GpuHost(broken=ValueError("odd"))), pack)
    assert result.outcome is Outcome.CRASHED
