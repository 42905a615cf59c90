"""libaio and its header, where the compiler would look for them.

Read from deepspeed 0.19.8 ops/op_builder/async_io.py (is_compatible) and builder.py
(has_function): a program is linked with -laio, by the C compiler, with CFLAGS and LDFLAGS.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from dsdoctor.probes.clients.host import Host
from dsdoctor.probes.clients.unavailable import Unavailable

TIMEOUT = 5.0
LIBRARY, HEADER = "libaio.so", "libaio.h"


def missing(host: Host) -> tuple[str, ...]:
    """What of the two is not there; empty too where no compiler can be asked."""
    compiler = host.environment.get("CC") or "gcc"
    if " " in compiler or host.which(compiler) is None:
        return ()
    try:
        return tuple(_missing(host, compiler))
    except Unavailable:
        return ()


def _missing(host: Host, compiler: str) -> Iterator[str]:
    variables = host.environment
    if not _below(host, variables.get("LDFLAGS", ""), "-L", LIBRARY):
        done = host.run([compiler, f"-print-file-name={LIBRARY}"], TIMEOUT)
        # gcc answers with the bare name if it finds nothing
        if not done.code and not posixpath.dirname(done.out.strip()):
            yield LIBRARY
    if not _below(host, variables.get("CFLAGS", ""), "-I", HEADER):
        argv = [compiler, "-E", "-include", HEADER, "-x", "c", "/dev/null", "-o", "/dev/null"]
        if host.run(argv, TIMEOUT).code:
            yield HEADER


def _below(host: Host, flags: str, option: str, name: str) -> bool:
    """Is it in a folder that the flags name?"""
    folders = [item[2:] for item in flags.split() if item.startswith(option) and len(item) > 2]
    return any(host.link(f"{folder}/{name}") is not None for folder in folders)
