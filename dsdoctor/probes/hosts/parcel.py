"""The results of one host's probes on their way to the host that asked."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from dsdoctor.logs.harmless import document
from dsdoctor.model import ProbeResult

SCHEMA = "dsdoctor.probes/1"


@dataclass(frozen=True, slots=True)
class Parcel:
    """All that was seen on one host.

    Args:
        host: what it calls itself.
        clock: its time when it had finished, in seconds since the epoch.
        results: of its probes.
    """

    schema: str = SCHEMA
    version: str = ""
    host: str = ""
    clock: float = 0.0
    results: tuple[ProbeResult, ...] = ()


def pack_up(parcel: Parcel) -> bytes:
    """``parcel`` as JSON."""
    return msgspec.json.encode(parcel)


def unpack(data: bytes) -> Parcel:
    """The parcel in ``data``, its text made harmless.

    Raises:
        ForeignError: it is none, or one of another schema.
    """
    return document(data, SCHEMA, Parcel)
