"""Host memory, and what offload needs of it."""

from __future__ import annotations

from typing import Any

import pytest

from dsdoctor.job.spec import JobSpec
from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, Severity
from dsdoctor.probes.clients.gpus import NoDriver
from dsdoctor.probes.clients.host import RealHost
from dsdoctor.probes.memory import PROBES, memory_of
from dsdoctor.probes.offload_needs import offload_needs
from dsdoctor.probes.site import Site
from tests.unit.probes.fakes import FakeHost
from tests.unit.probes.fakes_gpus import machine
from tests.unit.probes.fakes_job import OFFLOADED, job
from tests.unit.probes.gpu_site import asked, codes, severity, site

GIB = 1 << 30
V2 = "/sys/fs/cgroup/job_7"


CPU = {"device": "cpu"}


def meminfo(total: int = 512, free: int = 500, swap: int = 0, swapped: int = 0) -> str:
    """/proc/meminfo in GiB."""
    sizes = {
        "MemTotal": total,
        "MemFree": free // 2,
        "MemAvailable": free,
        "Active(anon)": 1,
        "SwapTotal": swap,
        "SwapFree": swap - swapped,
        "Hugetlb": 0,
    }
    return "".join(f"{name}:  {size << 20} kB\n" for name, size in sizes.items())


def here(
    text: str = "", files: dict[str, str] | None = None, spec: JobSpec | None = None, **more: Any
) -> Site:
    host = FakeHost({"/proc/meminfo": text or meminfo(), **(files or {})})
    return site(machine(), host, job=spec, **more)


def test_a_healthy_host(pack: Pack) -> None:
    result = asked(PROBES, here(), pack)
    assert (result.outcome, result.summary) == (Outcome.OK, "512.0 GiB")
    assert result.facts == {
        "ram_gib": 512,
        "limit_gib": None,
        "swap_gib": 0,
        "huge_pages_gib": 0,
    }


def test_the_cgroup_limits(pack: Pack) -> None:
    files = {
        "/proc/self/cgroup": "0::/job_7/step_0\n",
        f"{V2}/step_0/memory.max": "max\n",
        f"{V2}/memory.max": f"{64 * GIB}\n",
        f"{V2}/memory.current": f"{63 * GIB}\n",
        f"{V2}/memory.stat": f"anon 1\ninactive_file {40 * GIB}\n",
    }
    result = asked(PROBES, here(files=files), pack)
    assert result.outcome is Outcome.OK
    assert result.summary == "64.0 GiB of 512.0 GiB, limited by the cgroup"
    assert result.facts["limit_gib"] == 64


def test_the_old_cgroup_in_a_container_shows_its_root(pack: Pack) -> None:
    folder = "/sys/fs/cgroup/memory"
    files = {
        "/proc/self/cgroup": "4:memory:/docker/0123\n0::/\n",
        f"{folder}/memory.limit_in_bytes": f"{32 * GIB}\n",
        f"{folder}/memory.usage_in_bytes": f"{30 * GIB}\n",
    }
    result = asked(PROBES, here(files=files), pack)
    assert codes(result) == ["DSM035"]
    assert "Only 2.0 GiB of 32.0 GiB" in result.findings[0].message
    assert result.findings[0].evidence[0].file == f"{folder}/memory.limit_in_bytes"


def test_no_limit_in_the_old_cgroup(pack: Pack) -> None:
    files = {
        "/proc/self/cgroup": "4:memory:/\n",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    }
    assert asked(PROBES, here(files=files), pack).facts["limit_gib"] is None


def test_nearly_full(pack: Pack) -> None:
    result = asked(PROBES, here(meminfo(free=20)), pack)
    assert codes(result) == ["DSM035"]
    assert severity(result) is Severity.WARNING


def test_swap_in_use(pack: Pack) -> None:
    result = asked(PROBES, here(meminfo(swap=64, swapped=40)), pack)
    assert codes(result) == ["DSM084"]
    assert severity(result) is Severity.INFO
    assert not codes(asked(PROBES, here(meminfo(swap=64, swapped=1)), pack))


def test_the_largest_model_that_offload_can_serve(pack: Pack) -> None:
    result = asked(PROBES, here(spec=job(), hosts=2), pack)
    assert codes(result) == ["DSM083"]
    assert severity(result) is Severity.INFO
    assert result.findings[0].message == (
        "Offload takes 18 bytes of RAM for each parameter (4 master weights, 8 optimizer states, "
        "4 gradients, 2 new parameters): 2 x 512.0 GiB hold at most 61 billion parameters"
    )
    assert result.facts["offload_bytes_per_parameter"] == 18
    assert result.summary.endswith("offloads a model of at most 61 billion parameters")


def test_a_small_host_holds_millions(pack: Pack) -> None:
    result = asked(PROBES, here(meminfo(total=8, free=8), spec=job()), pack)
    assert "477 million" in result.findings[0].message


@pytest.mark.parametrize(
    ("zero", "optimizer", "each"),
    [
        ({"stage": 3, "offload_optimizer": CPU}, "AdamW", 18),
        (
            {
                "stage": 3,
                "offload_optimizer": {"device": "cpu"},
                "offload_param": {"device": "cpu"},
            },
            "AdamW",
            20,
        ),
        (
            {"stage": 3, "offload_optimizer": {"device": "nvme", "nvme_path": "/n"}},
            "AdamW",
            None,
        ),
        ({"stage": 2, "offload_optimizer": {"device": "cpu"}}, "Lion", 14),
        ({"stage": 3, "offload_optimizer": {"device": "cpu", "ratio": 0.5}}, "AdamW", 10),
        ({"stage": 2, "offload_param": {"device": "cpu"}}, "AdamW", None),
        ({"stage": 0, "offload_optimizer": {"device": "cpu"}}, "AdamW", None),
        ({"stage": 2}, "AdamW", None),
    ],
)
def test_bytes_for_each_parameter(zero: dict[str, Any], optimizer: str, each: int | None) -> None:
    config = {**OFFLOADED, "zero_optimization": zero, "optimizer": {"type": optimizer}}
    needs = offload_needs(job(config))
    assert (needs.each if needs else None) == each


def test_sums_of_gradients_below_stage_3() -> None:
    """Measured: 22.4 bytes, of which 2.4 are weights and buckets; without accumulation 20.4."""
    needs = offload_needs(job({**OFFLOADED, "gradient_accumulation_steps": 2}))
    assert needs is not None
    assert needs.each == 20


def test_sums_of_gradients_in_fp32() -> None:
    zero = {"stage": 3, "offload_optimizer": {"device": "cpu"}}
    config = {**OFFLOADED, "zero_optimization": zero, "data_types": {"grad_accum_dtype": "fp32"}}
    needs = offload_needs(job(config))
    assert needs is not None
    assert needs.each == 20


def test_this_machine(pack: Pack) -> None:
    host: Any = RealHost()
    assert asked(PROBES, site(NoDriver("none"), host), pack).outcome is not Outcome.CRASHED
    memory = memory_of(host)
    assert memory is None or 0 < memory.free <= memory.total
