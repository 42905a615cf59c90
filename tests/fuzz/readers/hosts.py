"""Host files, host filters, Slurm's lists of nodes."""

from __future__ import annotations

from contextlib import suppress

from dsdoctor.errors import UsageError
from dsdoctor.job.host_filter import select, trim
from dsdoctor.job.hostfile import parse_hosts
from dsdoctor.transport.hostfile import checked_host, expand_node_list, parse_hostfile
from tests.fuzz.target import Target

SEEDS = (
    b"node-1 slots=8\nnode-2 slots=8 # spare\n",
    b"\0node-1:0,1@node-2\0node-1 slots=2\nnode-2 slots=4\n", b"gpu[001-003,7],login1",
    b"node-1 slots=8\r\n\r\n#x\rnode-1 slots=0\n", b"a slots=99999\n", b"10.0.0.1\n",
    b"\0node-1\0node-1 slots=2", b"a[1-2]b[3-4]", b"[0-16383]",
)  # fmt: skip


def run(data: bytes) -> None:
    """Read it as each of them; a list of nodes holds only names."""
    text = data.decode("utf-8", "replace")
    parts = text.split("\0", 2)
    include, text = (parts[1], parts[2]) if len(parts) == 3 else ("", text)
    hosts = parse_hosts(text, "hosts")
    trim(select(hosts, include), 1, 2, filtered=bool(include))
    select(hosts, "", include)
    for read in (expand_node_list, lambda it: parse_hostfile(it, "hosts")):
        with suppress(UsageError):
            assert all(checked_host(name) == name for name in read(text))


TARGET = Target(
    "hosts", run, lambda: SEEDS, lambda: [" slots=", "slots=8", "[0-9]", "@", ":0,1"], 256
)
