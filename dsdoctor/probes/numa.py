"""NUMA: which node the GPUs and network cards are on, and on which node the ranks would run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dsdoctor.job.launch_line import Launch
from dsdoctor.job.resolve import offload_device, stage
from dsdoctor.model import Evidence
from dsdoctor.probes.clients.gpus import Gpu
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.core_binding import asked_for, binding_complaints, cores_of_ranks
from dsdoctor.probes.cpu_topology import Cpus, cpus_of
from dsdoctor.probes.gpu_choice import chosen
from dsdoctor.probes.gpu_common import BUDGET, all_named
from dsdoctor.probes.numa_nodes import Node, node_of_gpu, nodes_of, nodes_of_cards
from dsdoctor.probes.probe import Complaint, Probe, Reading, Skip
from dsdoctor.probes.ranks_here import counted, ranks_here
from dsdoctor.probes.site import Site

FAR, UNBOUND = "DSH120", "DSH121"


def look(site: Site) -> Reading:
    """The nodes, what hangs on them, and what binding would do or would be good for."""
    nodes, cpus = nodes_of(site.host), cpus_of(site.host)
    if not nodes or cpus is None:
        raise Skip("the kernel tells of no NUMA nodes")
    gpus = _gpus(site)
    places = {gpu.index: node_of_gpu(site.host, gpu) for gpu in gpus}
    launch = asked_for(site.job)
    complaints: list[Complaint] = []
    if launch:
        complaints += binding_complaints(launch, site.host, cpus, ranks_here(site))
        complaints += _far(launch, cpus, nodes, gpus, places)
    else:
        complaints += _unbound(site, nodes, places)
    facts = {
        "nodes": [len(node.cpus) for node in nodes],
        "gpus": [places[gpu.index] for gpu in gpus],
        "cards": dict(nodes_of_cards(site.host)),
    }
    return Reading(_summary(nodes, gpus, places), tuple(complaints), facts)


def _gpus(site: Site) -> Sequence[Gpu]:
    """In the order in which the launcher gives them to local ranks."""
    try:
        return sorted(chosen(site), key=lambda gpu: gpu.index)
    except (Skip, Unavailable):
        return ()


def _far(
    launch: Launch,
    cpus: Cpus,
    nodes: Sequence[Node],
    gpus: Sequence[Gpu],
    places: Mapping[int, int | None],
) -> Iterator[Complaint]:
    """Ranks whose cores are not on the node of their GPU."""
    if not gpus or launch.include or launch.exclude or None in places.values():
        return
    told = []
    for rank, cores in enumerate(cores_of_ranks(launch, cpus, len(gpus))):
        used = sorted({node.number for node in nodes if set(cores) & set(node.cpus)})
        place = places[gpus[rank].index]
        if used != [place]:
            told.append(f"local rank {rank} on node {_joined(used)}, its GPU on node {place}")
    if told:
        more = f" and {len(told) - 3} more" if len(told) > 3 else ""
        nodes_text = _joined([places[gpu.index] for gpu in gpus])
        values = {"detail": "; ".join(told[:3]) + more, "nodes": nodes_text}
        evidence = (Evidence("/sys/bus/pci/devices", 0, f"numa_node of the GPUs: {nodes_text}"),)
        yield Complaint(FAR, values, evidence)


def _unbound(
    site: Site, nodes: Sequence[Node], places: Mapping[int, int | None]
) -> Iterator[Complaint]:
    """Only where the optimizer computes on the CPU: elsewhere little would be gained."""
    inhabited = [node for node in nodes if node.cpus]
    known = [place for place in places.values() if place is not None]
    job = site.job
    if job is None or len(inhabited) < 2 or len(known) < 2 or len(known) < len(places):
        return
    if offload_device(job, "optimizer") in ("cpu", "nvme") and stage(job) in (1, 2, 3):
        values = {"count": str(len(inhabited)), "nodes": _joined(known)}
        text = f"{counted(len(inhabited), 'node')} with CPUs"
        yield Complaint(UNBOUND, values, (Evidence("/sys/devices/system/node", 0, text),))


def _summary(nodes: Sequence[Node], gpus: Sequence[Gpu], places: Mapping[int, int | None]) -> str:
    words = counted(len(nodes), "node")
    on: dict[int, list[Gpu]] = {}
    for gpu in gpus:
        place = places[gpu.index]
        if place is not None:
            on.setdefault(place, []).append(gpu)
    told = [f"{all_named(on[number])} on node {number}" for number in sorted(on)]
    return "; ".join([words, *told]) if len(nodes) > 1 else words


def _joined(items: Sequence[Any]) -> str:
    return ",".join(str(item) for item in items)


PROBES: tuple[Probe, ...] = (Probe("numa", "NUMA nodes", look, budget=BUDGET),)
