"""All probes, in the order in which a person reads them."""

from __future__ import annotations

from dsdoctor.probes.probe import Probe

_SUBJECTS: tuple[tuple[Probe, ...], ...] = ()

PROBES: tuple[Probe, ...] = tuple(probe for subject in _SUBJECTS for probe in subject)
