"""The results of one host's probes on their way to the host that asked."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from dsdoctor.errors import DsDoctorError
from dsdoctor.logs.clean import clean
from dsdoctor.logs.harmless import clean_text, decoded
from dsdoctor.model import ProbeResult

SCHEMA = "dsdoctor.probes/1"


class ParcelError(DsDoctorError):
    """What another host sent is no document of ours."""


@dataclass(frozen=True, slots=True)
class _Kind:
    schema: str


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
        ParcelError: it is none, or one of another schema.
    """
    try:
        kind = msgspec.json.decode(data, type=_Kind).schema
        if kind != SCHEMA:
            raise ParcelError(f"not a document of kind {SCHEMA} but {clean_text(kind)[:40]!r}")
        return decoded(data, Parcel)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise ParcelError(f"damaged: {clean(str(error).encode())[:200]}") from None
