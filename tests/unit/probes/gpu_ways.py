"""The two ways that every probe of GPUs has in common: nothing to look at, a client that breaks."""

from __future__ import annotations

from collections.abc import Sequence

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, ProbeResult, Severity
from dsdoctor.probes.clients.gpus import Inventory, NoDriver, Trouble
from dsdoctor.probes.probe import Probe
from tests.unit.probes.fakes_gpus import LOST, in_trouble, machine, silent
from tests.unit.probes.gpu_site import asked, site


def skips_what_is_not_there(probes: Sequence[Probe], pack: Pack) -> None:
    """No driver, no GPU, a driver in trouble: the probe "gpus" tells, the others keep quiet."""
    for answer in (
        NoDriver("no NVIDIA driver here"),
        machine(gpus=()),
        Inventory(trouble=Trouble.NOT_LOADED),
    ):
        assert asked(probes, site(answer), pack).outcome is Outcome.SKIPPED
    hung = asked(probes, site(in_trouble(Trouble.HUNG, "no answer in 40 s")), pack)
    assert (hung.outcome, hung.note) == (Outcome.SKIPPED, "the driver does not answer (see gpus)")


def skips_without_a_readable_gpu(probes: Sequence[Probe], pack: Pack) -> None:
    """The only GPU is lost."""
    assert asked(probes, site(machine(LOST)), pack).note == "no GPU answers (see gpus)"


def tells_of_a_broken_client(probes: Sequence[Probe], pack: Pack) -> None:
    """Nobody to ask is no healthy machine; what nobody expected is a crash."""
    quiet = asked(probes, site(silent()), pack)
    assert (quiet.outcome, quiet.note) == (Outcome.SKIPPED, "could not look: died of SIGSEGV")
    crash = asked(probes, site(ValueError("odd")), pack)
    assert crash.outcome is Outcome.CRASHED
    assert "ValueError: odd" in crash.note


def quiet(result: ProbeResult) -> bool:
    """Did the probe look, and see nothing of warning or above?"""
    assert result.outcome in (Outcome.OK, Outcome.ATTENTION), result.note
    return all(finding.severity.level < Severity.WARNING.level for finding in result.findings)
