"""Why a question to the machine got no answer."""

from __future__ import annotations


class Unavailable(Exception):  # noqa: N818 - part of the protocol, not a failure of dsdoctor
    """There is nothing to ask, or it is not allowed. The text says which, for a person."""
