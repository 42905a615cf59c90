"""A made-up network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dsdoctor.probes.clients.listeners import Holder
from dsdoctor.probes.clients.network import Bind, HcaPort, Interface
from dsdoctor.probes.clients.unavailable import Unavailable

LO = Interface("lo", "loopback", addresses=("127.0.0.1", "::1"), mtu=65536, virtual=True)
ETH0 = Interface("eth0", addresses=("10.0.0.2", "fe80::1"), mtu=9000, speed=100_000)
DOCKER0 = Interface("docker0", addresses=("172.17.0.1",), mtu=1500, virtual=True)


def hca(device: str = "mlx5_0", state: str = "ACTIVE", **changes: str) -> HcaPort:
    """A port of an HGX machine's card."""
    physical = changes.get("physical", "LinkUp" if state == "ACTIVE" else "Polling")
    layer = changes.get("layer", "InfiniBand")
    return HcaPort(device, 1, state, physical, layer, changes.get("rate", "400 Gb/sec (4X NDR)"))


class FakeNetwork:
    """A network that says what it was told to.

    ``names`` maps host names to addresses, or to what is raised for them; ``ports`` the ports that
    are not free to what the kernel says; ``trouble`` is raised by every question.
    """

    def __init__(
        self,
        interfaces: Sequence[Interface] = (LO, ETH0),
        hcas: Sequence[HcaPort] = (),
        names: Mapping[str, Sequence[str] | Exception] | None = None,
        ports: Mapping[int, Bind] | None = None,
        holders: Mapping[int, Holder] | None = None,
        refused: Mapping[tuple[str, int], str] | None = None,
        trouble: Exception | None = None,
        peers: int | None = None,
    ) -> None:
        self._interfaces = interfaces
        self._hcas = hcas
        self._names = {"node-1": ("10.0.0.2",), "localhost": ("127.0.0.1",), **(names or {})}
        self._ports = ports or {}
        self._holders = holders or {}
        self._refused = refused or {}
        self._trouble = trouble
        self._peers = peers

    def interfaces(self) -> Sequence[Interface]:
        """Those it was given."""
        self._check()
        return self._interfaces

    def hca_ports(self) -> Sequence[HcaPort]:
        """Those it was given."""
        self._check()
        return self._hcas

    def name(self) -> str:
        """Always the same."""
        self._check()
        return "node-1"

    def resolve(self, name: str) -> Sequence[str]:
        """From the table; an address is its own."""
        self._check()
        own = [name] if name.replace(".", "").isdigit() else []
        answer = self._names.get(name, own)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def bindable(self, port: int) -> Bind:
        """Free, if not told otherwise."""
        self._check()
        return self._ports.get(port, Bind.FREE)

    def holder(self, port: int) -> Holder | None:
        """From the table."""
        self._check()
        return self._holders.get(port)

    def free_port(self) -> int:
        """Always the same."""
        self._check()
        return 40_000

    def connects(self, host: str, port: int, timeout: float) -> str:
        """Works, if not told otherwise."""
        self._check()
        assert timeout > 0
        return self._refused.get((host, port), "")

    def await_peers(self, port: int, peers: int, seconds: float) -> int:
        """As many as it was told; all, if not told otherwise."""
        self._check()
        assert seconds > 0
        if self._ports.get(port):
            raise Unavailable(f"port {port} cannot be opened: Address already in use")
        return peers if self._peers is None else self._peers

    def _check(self) -> None:
        if self._trouble is not None:
            raise self._trouble
