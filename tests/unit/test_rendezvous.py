"""Who opens the store, who is missing, and what cannot be told."""

from __future__ import annotations

import pytest

from dsdoctor.model import Finding
from tests.conftest import Explain

PACKAGES = "/home/user/venv/lib/python3.11/site-packages"
OF_RANK = ("torch/distributed/rendezvous.py", "_create_c10d_store")
OF_AGENT = ("torch/distributed/elastic/rendezvous/static_tcp_rendezvous.py", "next_rendezvous")
JOINED = (
    "torch.distributed.DistStoreError: Timed out after 16 seconds waiting for clients. {} joined."
)
IN_USE = (
    "torch.distributed.DistNetworkError: The server socket has failed to listen on any local "
    "network address. port: 29511, useIpv6: false, code: -98, name: EADDRINUSE, message: address "
    "already in use"
)
NO_ANSWER = (
    "torch.distributed.DistNetworkError: The client socket has timed out after 15000ms while "
    "trying to connect to ({}, 29533)."
)
TORCHRUN = (
    "E0131 10:00:02.000000 4242 torch/distributed/elastic/multiprocessing/api.py:881] failed "
    "(exitcode: 1) local_rank: 1 (pid: 4711) of binary: /home/user/venv/bin/python\n"
)


def raised(exception: str, where: tuple[str, str] = OF_RANK, mark: str = "") -> str:
    """A traceback that ends in torch's rendezvous."""
    file, function = where
    lines = [
        "Traceback (most recent call last):",
        '  File "/home/user/project/train.py", line 10, in <module>',
        '    dist.init_process_group("gloo")',
        f'  File "{PACKAGES}/{file}", line 199, in {function}',
        "    return TCPStore(",
        exception,
    ]
    return "".join(f"{mark}{line}\n" for line in lines)


def root_of(diagnose: Explain, log: str) -> Finding:
    root = diagnose(log).verdict.root
    assert root is not None
    return root


@pytest.mark.parametrize(
    ("clients", "seen", "missing"),
    [
        ("1/2 clients", (), (1,)),
        ("1/4 clients", (), (1, 2, 3)),
        ("3/4 clients", (1, 3), (2,)),
        ("3/4 clients", (), ()),
        ("2/4 clients", (1, 3), ()),
    ],
)
def test_who_did_not_join(
    diagnose: Explain, clients: str, seen: tuple[int, ...], missing: tuple[int, ...]
) -> None:
    """Rank 0 counts itself; who left no line is missing, if the sum is right."""
    spoke = "".join(f"[rank{rank}]: tokenizing\n" for rank in seen)
    root = root_of(diagnose, spoke + raised(JOINED.format(clients)))
    assert (root.code, root.ranks) == ("DSL006", missing)
    assert "rank 0 waited" in root.message
    assert ("cannot tell which of ranks 1-3" in root.message) == (not missing)


def test_the_rank_that_waited_is_not_the_guilty_one(diagnose: Explain) -> None:
    """Its mark is on the exception, and yet it is innocent."""
    root = root_of(diagnose, raised(JOINED.format("1/2 clients"), mark="[rank0]: "))
    assert root.ranks == (1,)


def test_torchruns_agent_counts_nodes_not_ranks(diagnose: Explain) -> None:
    assert root_of(diagnose, raised(JOINED.format("1/2 clients"), OF_AGENT)).ranks == ()


@pytest.mark.parametrize(("where", "ranks"), [(OF_RANK, (0,)), (OF_AGENT, ())])
def test_the_port_is_rank_0s_or_torchruns(
    diagnose: Explain, where: tuple[str, str], ranks: tuple[int, ...]
) -> None:
    root = root_of(diagnose, raised(IN_USE, where))
    assert (root.code, root.ranks) == ("DSL001", ranks)


@pytest.mark.parametrize(
    ("log", "ranks"),
    [
        (raised(NO_ANSWER.format("127.0.0.1")), (0,)),
        (raised(NO_ANSWER.format("10.0.0.2")), ()),  # the network, or a wrong address
        (raised(NO_ANSWER.format("127.0.0.1")) + TORCHRUN, (1,)),  # its agent opens the port
        ("[rank0]: tokenizing\n" + raised(NO_ANSWER.format("127.0.0.1")), ()),
    ],
)
def test_a_master_on_this_host_that_does_not_listen(
    diagnose: Explain, log: str, ranks: tuple[int, ...]
) -> None:
    root = root_of(diagnose, log)
    assert (root.code, root.ranks) == ("DSL004", ranks)
