"""Names of hosts: where launchers, NCCL, ssh, Slurm and URLs print them."""

from __future__ import annotations

import re
from collections.abc import Callable, Set

from dsdoctor.redact.ordinary import is_ordinary_host, is_public
from dsdoctor.redact.world import hide_world

Replace = Callable[[bytes, bool], bytes]
"""Gives the placeholder of a host; the second argument says whether it is surely one."""

_H = rb"[A-Za-z0-9][A-Za-z0-9-]{0,62}(?:\.[A-Za-z0-9-]{1,63}){0,8}"
_LIST = rb"[A-Za-z][A-Za-z0-9.:,\[\]-]{0,4000}"
NAME = re.compile(_H)
_LEFT = rb"(?<![A-Za-z0-9._-])"
_FIRM_KEYS = (
    rb"slurm_(?:job_|step_)?nodelist|slurmd_nodename|slurm_launch_node_ipaddr|nodelist|node_?name|"
    rb"host_?names?|master[_-]addr(?:ess)?|rdzv[_-]endpoint|main_process_ip|submit_?host|remote_?host|"
    rb"(?:pet_|torchelastic_)?rdzv_endpoint|fqdn"
)

Context = tuple[tuple[str, ...], re.Pattern[bytes], bool]


def _context(anchors: tuple[str, ...], pattern: bytes, *, sure: bool = True) -> Context:
    return anchors, re.compile(pattern), sure


CONTEXTS: tuple[Context, ...] = (
    _context((" nccl ",), _LEFT + rb"(?P<h>" + _H + rb")(?=:\d{1,9}:\d{1,9} \[\d{1,3}\] )"),
    _context(("host  ",), rb"(?:^|\s)host\s{1,10}: (?P<h>" + _H + rb")\s*$"),
    _context(("srun: error",), rb"srun: error: (?P<l>" + _LIST + rb")(?=: task)"),
    _context(
        (" cancelled at", " failed "), rb"(?i) on (?P<h>" + _H + rb")(?= cancelled at| failed )"
    ),
    _context(("slurmstepd-",), rb"slurmstepd-(?P<h>" + _H + rb")(?=:)"),
    _context(
        (
            "nodelist",
            "nodename",
            "node_name",
            "hostname",
            "host_name",
            "master_addr",
            "master-addr",
            "rdzv",
            "main_process_ip",
            "submit",
            "remote_host",
            "remotehost",
            "fqdn",
            "ipaddr",
        ),
        rb"(?i)(?<![a-z0-9])(?:"
        + _FIRM_KEYS
        + rb")(?:\\{0,2}[\"']?\]?\s{0,3}[=:]\s{0,3}\\{0,2}[\"']?)(?P<l>"
        + _LIST
        + rb")",
    ),
    _context(
        ("--master", "--rdzv", "--main_process_ip", "--host", "--nodelist"),
        rb"(?i)--(?:master[_-]addr|rdzv[_-]endpoint|main_process_ip|hosts?|nodelist)"
        rb"(?:[ =]|[\"'], ?[\"'])(?P<l>" + _LIST + rb")",
    ),
    _context(
        (" -w ", " -h ", "--include", "--exclude"),
        rb"(?i)(?:\s-[wH]|--(?:in|ex)clude)[ =](?P<l>" + _LIST + rb")",
        sure=False,
    ),
    _context(
        ("host=", "hosts=", "node=", "host:", "node:", "server="),
        rb"(?i)(?<![a-z0-9_])(?:hosts?|node|server)[=:]\s{0,2}[\"']?(?P<l>" + _LIST + rb")",
        sure=False,
    ),
    _context(
        ("world info dict", "global_rank_mapping"), rb"[\"'](?P<h>" + _H + rb")[\"']: \[(?=\d)"
    ),
    _context((" slots=",), rb"^\s{0,4}(?P<h>" + _H + rb")(?=\s{1,20}slots=\d)"),
    _context(
        ("connect", "socket", "remote"),
        rb"[\[(](?P<h>" + _H + rb")(?=\]?(?::|, ?)\d{2,5}[\])\s]|\]:\d)",
        sure=False,
    ),
    _context(
        ("connect to host", "resolve hostname", "host key for", "known hosts"),
        rb"(?i)(?:to host|resolve hostname|host key for) (?P<h>" + _H + rb")",
    ),
    _context(
        ("://",),
        rb"(?i)(?:https?|tcp|ssh|ftp|nfs|wss?|grpc|redis|mongodb|postgres(?:ql)?|mysql|etcd)://(?:[^\s/@\"'<>]{0,300}@)?"
        rb"(?P<h>" + _H + rb")(?=[:/\s\"'),\]?]|$)",
        sure=False,
    ),
    _context(
        (" on node", " on host", " on machine", "(host ", "hostname "),
        rb"(?i)(?:on (?:node|host|machine)|\(host|hostname) (?P<h>(?=[a-z0-9.-]{0,60}\d)(?=[a-z])"
        + _H
        + rb")",
        sure=False,
    ),
    _context(
        (" kernel:", "systemd", "sshd", "slurm"),
        rb"^[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d (?P<h>" + _H + rb")(?= [A-Za-z])",
    ),
    _context((":~", "@"), rb"(?<=@)(?P<h>" + _H + rb")(?=:~)"),
    _context(
        (": [rank", ": [20", ": traceback"),
        rb"^(?P<h>(?=[a-z0-9.]{0,60}[-.])[a-z]" + _H + rb")(?=: (?:\[rank|\[20|Traceback))",
        sure=False,
    ),
)

_SUFFIX = (
    rb"\.(?:local|internal|lan|corp|intranet|cluster|hpc|localdomain|svc|com|org|net|edu|gov|mil"
    rb"|cloud|(?:ac|co|edu|go|gov)\.[a-z]{2}"
    rb"|(?:de|fr|uk|ch|it|nl|jp|cn|kr|in|au|ca|eu|io|ai|es|se|fi|dk|pl|cz|at|be|us|sg|tw))"
)
FQDN_ANCHORS = (
    ".local .internal .lan .corp .intranet .cluster .hpc .svc .com .org .net .edu .gov .mil .cloud "
    ".de .fr .uk .ch .it .nl .jp .cn .kr .in .au .ca .eu .io .ai .es .se .fi .dk .pl .cz .at .be "
    ".us .sg .tw"
)
_FQDN = re.compile(
    rb"(?i)(?<![A-Za-z0-9@_./-])(?P<h>[a-z0-9][a-z0-9-]{0,62}(?:\.[a-z0-9][a-z0-9-]{0,62}){0,6}?"
    + _SUFFIX
    + rb")(?![A-Za-z0-9_(\[=/-]|\.[A-Za-z0-9])"
)
_CODE = frozenset(
    b"self torch np args cfg model module config this cls os sys deepspeed trainer socket platform "
    b"request".split()
)
_SSH = re.compile(
    rb"(?<![A-Za-z0-9._:/-])(?P<u>[A-Za-z_][A-Za-z0-9_.-]{0,31})@(?P<h>" + _H + rb")(?=[\s:,'\"]|$)"
)
_BRACKET = re.compile(rb"([A-Za-z0-9.-]*)\[([0-9,-]{1,512})\]([A-Za-z0-9.-]*)")
_ITEM = re.compile(rb"(?P<name>[A-Za-z][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*)(?P<rest>(?::\d+)?)")
_PLACED = re.compile(rb"(?i)(?:ip|mac|email|user|serial|gpu-uuid)-\d{1,7}")
MAX_EXPANDED = 2048


def has_shape(name: bytes) -> bool:
    """Does it look like a host even where the context is weak?"""
    return bool(re.search(rb"\d|-", name)) or name.count(b".") >= 1


def hide_hosts(line: bytes, wanted: Set[int], replace: Replace) -> bytes:
    """The line with placeholders for hosts, by those contexts whose anchors it holds."""
    for index in sorted(wanted):
        _, pattern, sure = CONTEXTS[index]
        line = pattern.sub(lambda match, sure=sure: _one(match, replace, sure=sure), line)  # type: ignore[misc]
    return hide_world(line, lambda name: hide_host(name, replace, sure=True))


def _one(match: re.Match[bytes], replace: Replace, *, sure: bool) -> bytes:
    """The match with its host, or each host of its list, replaced."""
    if match.string[match.end() : match.end() + 1] in (b"_", b"(", b"["):
        return match[0]
    group = "h" if "h" in match.re.groupindex else "l"
    start, end = (place - match.start() for place in match.span(group))
    hide = hide_host if group == "h" else _hosts
    return match[0][:start] + hide(match[group], replace, sure=sure) + match[0][end:]


def _hosts(text: bytes, replace: Replace, *, sure: bool) -> bytes:
    """Each name of a list: ``gpu-a[17-18],gpu-b1``, ``host1:8,host2:8``."""
    expanded = _BRACKET.sub(lambda match: _expanded(match[1], match[2], match[3]), text)
    items = [_item(item, replace, sure=sure) for item in expanded.split(b",")]
    done = b",".join(items)
    return text if done == expanded else done


def _item(item: bytes, replace: Replace, *, sure: bool) -> bytes:
    match = _ITEM.match(item)
    if not match:
        return item
    return hide_host(match["name"], replace, sure=sure) + item[match.end("name") :]


def _expanded(before: bytes, ranges: bytes, after: bytes) -> bytes:
    """``gpu-a[17-18]`` as two names; what is too long or no range stays as one."""
    names: list[bytes] = []
    for part in ranges.split(b","):
        low, _, high = part.partition(b"-")
        if not low.isdigit() or (high and not high.isdigit()) or len(high or low) > 6:
            return before + b"x" + after
        last = int(high or low)
        if last - int(low) + len(names) > MAX_EXPANDED:
            return before + b"x" + after
        names += [
            before + b"%0*d" % (len(low), number) + after for number in range(int(low), last + 1)
        ]
    return b",".join(names)


def hide_host(name: bytes, replace: Replace, *, sure: bool) -> bytes:
    """What stands for one name; ``sure`` says that the context leaves no doubt."""
    if not re.search(rb"[A-Za-z]", name) or (not sure and not has_shape(name)):
        return name
    if is_public(name):
        return name
    first = name.split(b".", 1)[0]
    if first.lower() in _CODE or _PLACED.fullmatch(first):
        return name
    return first if is_ordinary_host(first) else replace(name, sure)


def hide_domains(line: bytes, replace: Replace) -> bytes:
    """The line without full names of hosts, wherever they stand."""

    def one(match: re.Match[bytes]) -> bytes:
        labels = match["h"].lower().split(b".")
        telling = re.search(rb"\d|-", labels[0]) or (len(labels) >= 4 and len(labels[-1]) > 2)
        if len(labels) < 2 or labels[0] in _CODE or not telling or labels[0].isdigit():
            return match[0]
        return hide_host(match["h"], replace, sure=True)

    return _FQDN.sub(one, line)


def hide_ssh(line: bytes, user: Callable[[bytes], bytes], replace: Replace) -> bytes:
    """``ann@gpu-a17`` in a line of ssh."""
    return _SSH.sub(
        lambda match: user(match["u"]) + b"@" + hide_host(match["h"], replace, sure=True), line
    )
