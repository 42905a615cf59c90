"""Lines of NCCL_DEBUG=INFO and WARN that tell who formed a communicator, and over what.

The formats are those of NCCL 2.10 to 2.28: 2.10 to 2.16 print only "Init COMPLETE", 2.17 adds
"Init START" and an id that all ranks share, 2.20 the name of the call and the timings, 2.27 may put
a function after ``file:line``. The anchors are chosen so that the bulk of such output, the channels
of each pair of ranks, is not looked at: of the channels only number 0 is.
"""

from __future__ import annotations

from dsdoctor.model import Origin

_COMMUNICATOR = (
    r"\bcomm (?P<comm>0x[\da-f]{1,16}) rank (?P<rank>\d{1,6}) nranks (?P<nranks>\d{1,6}) "
    r"cudaDev (?P<device>\d{1,4}) (?:nvmlDev \d{1,4} )?busId (?P<bus>[\da-f]{1,16})"
    r"(?: parent \S{1,20}(?: \w{1,20}Count (?P<split>\d{1,9}))? color (?P<color>-?\d{1,11})"
    r" key -?\d{1,11})?(?: commId (?P<id>0x[\da-f]{1,16}))? ?- Init "
)
_INTERFACE = r"(?:\[0\])?(?P<interface>[A-Za-z][\w.@-]{0,40}):"

PATTERNS: tuple[tuple[str, str, str], ...] = (
    ("nccl-start", "- Init START", _COMMUNICATOR + "START"),
    ("nccl-complete", "- Init COMPLETE", _COMMUNICATOR + "COMPLETE"),
    # where processes cut each other's lines, the rest of one: it says that a line is missing
    ("nccl-torn", "- Init START", rf"^(?!.*?{_COMMUNICATOR}).*- Init (?P<word>START)"),
    ("nccl-torn", "- Init COMPLETE", rf"^(?!.*?{_COMMUNICATOR}).*- Init (?P<word>COMPLETE)"),
    (
        "nccl-timings",
        "NCCL INFO Init timings",
        r"Init timings(?: - \w+)?: rank (?P<rank>\d{1,6}) nranks (?P<nranks>\d{1,6}) "
        r"total (?P<seconds>\d{1,6}\.\d\d)",
    ),
    ("nccl-nodes", " nNodes ", r"nRanks (?P<nranks>\d{1,6}) nNodes (?P<nodes>\d{1,6})\b"),
    (
        "nccl-release",
        "NCCL version ",
        r"^(?:NCCL INFO )?NCCL version (?P<release>\d{1,2}\.\d{1,3}\.\d{1,3})",
    ),
    ("nccl-network", "Using network ", r"NCCL INFO Using network (?P<network>\S.{0,40})"),
    ("nccl-bootstrap", "Bootstrap : Using", "Bootstrap : Using " + _INTERFACE),
    ("nccl-bootstrap", "Bootstrap: Using", "Bootstrap: Using " + _INTERFACE),
    (
        "nccl-ib",
        "NET/IB : Using",
        r"NET/IB : Using (?P<devices>\[0\].{1,1500}?) ?(?:\[RO\] ?)?;",
    ),
    ("nccl-no-ib", "NET/IB : No device found", r"NET/IB : No device found"),
    ("nccl-socket", "NET/Socket : Using", "NET/Socket : Using " + _INTERFACE),
    (
        "nccl-plugin-failed",
        "NCCL WARN NET/OFI",
        r"NCCL WARN NET/(?P<plugin>OFI) .{0,20}?(?:initialization|Initializing plugin) failed",
    ),
    (
        "nccl-env",
        "set by environment to",
        r"\b(?P<name>NCCL_\w{2,60}) set by environment to (?P<value>\S.{0,200}?)\.?$",
    ),
    ("nccl-env", "NCCL_IB_HCA set to", r"\b(?P<name>NCCL_IB_HCA) set to (?P<value>\S{1,200})"),
    (
        "nccl-p2p",
        "Check P2P Type",
        r"Check P2P Type (?:isAllDirectP2p|intraNodeP2pSupport) (?P<direct>[01])",
    ),
    ("nccl-p2p-off", "P2P is disabled between", r"P2P is disabled between (?:\w+ )?connected GPUs"),
    (
        "nccl-nvls",
        "NVLS multicast support is",
        r"NVLS multicast support is (?P<state>available|not available)",
    ),
    ("nccl-gdr", "GPU Direct RDMA ", r"GPU Direct RDMA (?P<state>Enabled|Disabled) for"),
    (
        "nccl-path",
        "NCCL INFO Channel 00",
        r"Channel 00(?:/\d{1,4})? : \d{1,6}\[\w{1,16}\] -> \d{1,6}\[\w{1,16}\]"
        r"(?: \[\w{1,12}\])? via (?P<path>P2P|SHM|NET/\w{1,30}|CollNet|\w{1,20})"
        r"(?:.{0,60}/(?P<gdr>GDRDMA))?",
    ),
    # only the place is a field: a message with an address in it would be news with every line
    (
        "nccl-warning",
        "NCCL WARN ",
        r"(?:^|\s)(?P<file>[^\s:]{1,120}):(?P<at>\d{1,6})(?: \((?P<function>\w{1,80})\))?"
        r" NCCL WARN ",
    ),
)


def place_of(kind: str, origin: Origin) -> tuple[str, ...]:
    """What makes two equal facts of different places different.

    For NCCL that is the host; of warnings the process, since who warns is alive.
    """
    if not kind.startswith("nccl-"):
        return ()
    host = origin.host or ""
    return (host, str(origin.pid)) if kind == "nccl-warning" else (host,)
