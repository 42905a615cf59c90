"""Who opened the store, and who never came to it.

Without torchrun's agent, rank 0 and no other opens the TCP store, and waits there for all clients,
itself included (torch 1.9 to 2.13, distributed/rendezvous.py: _create_c10d_store;
csrc/distributed/c10d/TCPStore.cpp: waitForWorkers).
"""

from __future__ import annotations

from dataclasses import replace

from dsdoctor.diagnosis.clues import Clues
from dsdoctor.diagnosis.incidents import Incident
from dsdoctor.diagnosis.rank_table import MAX_RANKS
from dsdoctor.model import Finding, ranks_named

PORT_IN_USE = "DSL001"
NO_MASTER = "DSL004"
DID_NOT_JOIN = "DSL006"

_THIS_HOST = frozenset({"127.0.0.1", "localhost", "::1"})
_RENDEZVOUS = "torch/distributed/rendezvous.py"


def with_rank_of_store(root: Finding, clues: Clues) -> Finding | None:
    """``root`` with the rank that could not open the store, or that never came to it."""
    if root.code == DID_NOT_JOIN:
        return _did_not_join(root, clues)
    if root.ranks:
        return None
    if root.code == NO_MASTER:
        return _no_master(root, clues)
    if root.code == PORT_IN_USE and any(map(_at_rendezvous, _incidents(root, clues))):
        word = "; it was rank 0, the only one that opens it"
        return replace(root, ranks=(0,), message=root.message + word)
    return None


def _did_not_join(root: Finding, clues: Clues) -> Finding | None:
    """Rank 0 says how many came. If it was alone, or the others left lines, the rest is missing."""
    told = next((item for item in _incidents(root, clues) if _at_rendezvous(item)), None)
    if told is None or not {"joined", "world"} <= told.fields.keys():
        return None
    joined, world = int(told.fields["joined"]), min(int(told.fields["world"]), MAX_RANKS)
    seen = clues.ranks.seen | {0} if joined > 1 else {0}
    missing = sorted(set(range(world)) - seen)
    if len(missing) != world - joined:
        word = (
            f"; rank 0 waited, and these logs cannot tell which of ranks 1-{world - 1} stayed away"
        )
        return replace(root, ranks=(), message=root.message + word)
    named = f"rank{'s' * (len(missing) > 1)} {ranks_named(missing)}"
    word = f"; rank 0 waited, and {named} never came"
    return replace(root, ranks=tuple(missing), message=root.message + word)


def _no_master(root: Finding, clues: Clues) -> Finding | None:
    """The master is this very host, and nothing listens: so rank 0 is not there.

    Of another host's address it cannot be told: the network or the address may be at fault.
    """
    asked = _incidents(root, clues)
    seen = clues.ranks.seen | {item.origin.rank for item in clues.incidents}
    here = all(item.fields.get("master") in _THIS_HOST for item in asked)
    if not here or 0 in seen or clues.under_torchrun or not any(map(_at_rendezvous, asked)):
        return None
    word = "; rank 0, which opens that port, is not there"
    return replace(root, ranks=(0,), message=root.message + word)


def _incidents(root: Finding, clues: Clues) -> list[Incident]:
    return [item for item in clues.incidents if item.rule.code == root.code]


def _at_rendezvous(incident: Incident) -> bool:
    """Was it raised where a rank, not torchrun's agent, makes its store?"""
    frames = incident.link.frames if incident.link else ()
    return bool(frames) and frames[-1].file.endswith(_RENDEZVOUS)
