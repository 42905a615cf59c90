"""This machine's interfaces, names and ports."""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Protocol

from dsdoctor.probes.clients.addresses import addresses_by_interface
from dsdoctor.probes.clients.listeners import Holder, holder_of
from dsdoctor.probes.clients.peers import await_peers
from dsdoctor.probes.clients.unavailable import Unavailable

RESOLVE_TIMEOUT = 3.0
"""Seconds for one name. A resolver asks each of its silent servers for five."""
_NET = Path("/sys/class/net")
_VERBS = Path("/sys/class/infiniband")
_IFF_UP = 0x1
_KINDS = {1: "ethernet", 32: "infiniband", 772: "loopback"}


class Bind(str, Enum):
    """What the kernel says to a server that wants a port."""

    FREE = "free"
    TAKEN = "taken"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface.

    ``up`` says that it is switched on, ``carrier`` that there is a link. ``speed`` is in Mb/s, None
    where the driver does not tell it. ``virtual`` ones have no hardware of their own: bridges,
    bonds, tunnels.
    """

    name: str
    kind: str = "ethernet"
    up: bool = True
    carrier: bool = True
    addresses: tuple[str, ...] = ()
    mtu: int = 0
    speed: int | None = None
    virtual: bool = False


@dataclass(frozen=True, slots=True)
class HcaPort:
    """A port of an InfiniBand or RoCE card, in the kernel's words."""

    device: str
    port: int
    state: str
    physical: str
    layer: str
    rate: str


class Network(Protocol):
    """What probes may ask of a machine's network."""

    def interfaces(self) -> Sequence[Interface]:
        """By name. Raises ``Unavailable`` where the kernel does not tell."""

    def hca_ports(self) -> Sequence[HcaPort]:
        """Every port of every InfiniBand or RoCE card; empty where there is none."""

    def name(self) -> str:
        """The machine's own host name."""

    def resolve(self, name: str) -> Sequence[str]:
        """The addresses of a host name; empty if it has none.

        Raises:
            Unavailable: no answer within a few seconds.
        """

    def bindable(self, port: int) -> Bind:
        """May a server take this TCP port on all addresses?"""

    def holder(self, port: int) -> Holder | None:
        """Who listens on the TCP port, as far as this user may see; None if nobody does."""

    def free_port(self) -> int:
        """A TCP port that nobody uses at this moment."""

    def connects(self, host: str, port: int, timeout: float) -> str:
        """Try a TCP connection: empty if it works, else why not."""

    def await_peers(self, port: int, peers: int, seconds: float) -> int:
        """Let others connect to the port for a while; how many did. Ends once all of them did.

        Raises:
            Unavailable: the port cannot be taken.
        """


class RealNetwork:
    """The machine that dsdoctor runs on."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._names: dict[str, Sequence[str] | Unavailable] = {}
        self._waiting: set[int] = set()

    def interfaces(self) -> Sequence[Interface]:
        """From /sys, with the addresses that the kernel lists."""
        try:
            names = sorted(path.name for path in _NET.iterdir() if path.is_dir())
        except OSError:
            raise Unavailable(f"{_NET} cannot be read") from None
        addresses = addresses_by_interface()
        return [_interface(_NET / name, addresses.get(name, ())) for name in names]

    def hca_ports(self) -> Sequence[HcaPort]:
        """From /sys: no driver is asked."""
        return [_hca_port(path) for path in sorted(_VERBS.glob("*/ports/*"))]

    def name(self) -> str:
        """As ``hostname`` says it."""
        return socket.gethostname()

    def resolve(self, name: str) -> Sequence[str]:
        """In a thread, because a resolver cannot be interrupted. Each name is asked for once."""
        with self._lock:
            if name not in self._names:
                self._names[name] = _resolved(name)
            answer = self._names[name]
        if isinstance(answer, Unavailable):
            raise Unavailable(*answer.args)
        return answer

    def bindable(self, port: int) -> Bind:
        """As torch's store binds it: with SO_REUSEADDR, so that a closed connection is no bar."""
        answers = {_bound(socket.AF_INET6, "::", port), _bound(socket.AF_INET, "", port)}
        # asked last: our own server may have come up meanwhile
        if port in self._waiting:
            return Bind.FREE
        if errno.EADDRINUSE in answers:
            return Bind.TAKEN
        return Bind.FORBIDDEN if errno.EACCES in answers else Bind.FREE

    def holder(self, port: int) -> Holder | None:
        """From /proc."""
        return holder_of(port)

    def free_port(self) -> int:
        """By the kernel's choice."""
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as server:
            server.bind(("127.0.0.1", 0))
            port: int = server.getsockname()[1]
            return port

    def connects(self, host: str, port: int, timeout: float) -> str:
        """The kernel's words where it does not."""
        try:
            if not self.resolve(host):
                return "the name has no address"
            with socket.create_connection((host, port), timeout):
                return ""
        except Unavailable as reason:
            return str(reason)
        except OSError as error:
            return "timed out" if isinstance(error, TimeoutError) else error.strerror or str(error)

    def await_peers(self, port: int, peers: int, seconds: float) -> int:
        """On all IPv4 addresses. Meanwhile the port counts as free: it is only we who have it."""
        self._waiting.add(port)
        try:
            return await_peers(port, peers, seconds)
        finally:
            self._waiting.discard(port)


def _bound(family: socket.AddressFamily, address: str, port: int) -> int:
    """0, or why the kernel refuses; without IPv6 it refuses the family."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((address, port))
            server.listen(1)
    except OSError as error:
        return error.errno or 0
    return 0


def _interface(folder: Path, addresses: tuple[str, ...]) -> Interface:
    speed = _number(folder / "speed")
    return Interface(
        name=folder.name,
        kind=_KINDS.get(_number(folder / "type") or 0, "other"),
        up=bool((_number(folder / "flags", 16) or 0) & _IFF_UP),
        carrier=_number(folder / "carrier") == 1,
        addresses=addresses,
        mtu=_number(folder / "mtu") or 0,
        speed=speed if speed and speed > 0 else None,
        virtual="/devices/virtual/" in f"{folder.resolve()}/",
    )


def _hca_port(folder: Path) -> HcaPort:
    number = folder.name
    return HcaPort(
        device=folder.parent.parent.name,
        port=int(number) if number.isdigit() else 0,
        state=_word(folder / "state"),
        physical=_word(folder / "phys_state"),
        layer=_text(folder / "link_layer"),
        rate=_text(folder / "rate"),
    )


def _word(path: Path) -> str:
    """``ACTIVE`` of "4: ACTIVE"."""
    return _text(path).rpartition(": ")[2]


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()[:200]
    except OSError:
        return ""


def _number(path: Path, base: int = 10) -> int | None:
    try:
        return int(_text(path), base)
    except ValueError:
        return None


def _resolved(name: str) -> Sequence[str] | Unavailable:
    answers: SimpleQueue[Sequence[str]] = SimpleQueue()
    Thread(target=lambda: answers.put(_addresses(name)), daemon=True).start()
    try:
        return answers.get(timeout=RESOLVE_TIMEOUT)
    except Empty:
        return Unavailable(f"no answer for the name {name} in {RESOLVE_TIMEOUT:g} s")


def _addresses(name: str) -> Sequence[str]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(item[4][0]) for item in found))
