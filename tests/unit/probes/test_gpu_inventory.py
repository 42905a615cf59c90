"""Which GPUs there are, and what is said where there are none."""

from __future__ import annotations

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, Severity
from dsdoctor.probes.clients.gpus import Mark, NoDriver, Trouble
from dsdoctor.probes.gpu_inventory import PROBES
from dsdoctor.probes.gpu_trouble import _MODULE
from tests.unit.probes.fakes_gpus import A100, LOST, gpu, in_trouble, machine, silent
from tests.unit.probes.fakes_job import job
from tests.unit.probes.gpu_site import GpuHost, asked, codes, severity, site

NO_DRIVER = NoDriver("no NVIDIA driver here")


def with_cards(count: int, driver: str = "nvidia", **more: object) -> GpuHost:
    host = GpuHost(**more)  # type: ignore[arg-type]
    host.with_device("0000:00:00.0", "0x8086", "0x060000")
    for index in range(count):
        host.with_device(f"0000:{index + 6:02x}:00.0", "0x10de", "0x030200", driver)
    return host.with_device("0000:40:00.0", "0x10de", "0x068000", "nvidia-nvswitch")


def test_a_healthy_machine_has_facts_and_no_complaint(pack: Pack) -> None:
    result = asked(PROBES, site(machine(), with_cards(8), wanted_gpus=8), pack)
    assert result.outcome is Outcome.OK
    assert result.summary == "8 x NVIDIA H200 140 GiB, driver 580.159.04 (CUDA 13.0)"
    assert result.facts["count"] == 8
    assert result.facts["gpus"][0] == {  # type: ignore[index]
        "name": "NVIDIA H200",
        "memory_gib": 140,
        "capability": "9.0",
    }


def test_facts_have_nothing_that_differs_between_equal_hosts(pack: Pack) -> None:
    here = asked(PROBES, site(machine(gpu(0))), pack)
    there = asked(PROBES, site(machine(gpu(0, uuid="GPU-2", bus="0000:af:00"))), pack)
    assert here.facts == there.facts


def test_a_mixed_machine_is_told_in_parts(pack: Pack) -> None:
    result = asked(PROBES, site(machine(gpu(0), gpu(1), gpu(2, A100))), pack)
    assert result.summary.startswith("2 x NVIDIA H200 140 GiB, 1 x NVIDIA A100-SXM4-40GB 40 GiB")


def test_fewer_than_wanted(pack: Pack) -> None:
    result = asked(PROBES, site(machine(count=2), wanted_gpus=4), pack)
    assert codes(result) == ["DSL037"]
    assert result.findings[0].message == "4 GPUs are wanted on this host, and 2 can be used"


def test_fewer_visible_than_wanted(pack: Pack) -> None:
    host = GpuHost(environment={"CUDA_VISIBLE_DEVICES": "0,1"})
    result = asked(PROBES, site(machine(count=4), host, wanted_gpus=4), pack)
    assert codes(result) == ["DSL037"]
    assert result.findings[0].message.endswith(": CUDA_VISIBLE_DEVICES=0,1 hides 2 of 4")


@pytest.mark.parametrize(
    ("mark", "code"),
    [(Mark.LOST, "DSH007"), (Mark.FAILED, "DSH051"), (Mark.NO_PERMISSION, "DSH110")],
)
def test_a_gpu_that_does_not_answer(pack: Pack, mark: Mark, code: str) -> None:
    result = asked(PROBES, site(machine(gpu(0), gpu(1, mark=mark))), pack)
    assert codes(result) == [code]
    assert "GPU 1" in result.findings[0].message


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("deepspeed --num_gpus 4 train.py", []),
        ("deepspeed --num_gpus 8 train.py", ["DSL037"]),
        ("torchrun --nproc_per_node 4 train.py", ["DSL037"]),
        ("torchrun --nproc_per_node 2 train.py", []),
        ("deepspeed train.py", []),
        ("deepspeed --include localhost:2,3 train.py", []),
    ],
)
def test_as_many_as_the_launch_line_wants(pack: Pack, line: str, expected: list[str]) -> None:
    """Of four, two are visible; the deepspeed launcher sets the variable anew."""
    host = GpuHost(environment={"CUDA_VISIBLE_DEVICES": "0,1"})
    result = asked(PROBES, site(machine(count=4), host, job=job(launch=line)), pack)
    assert codes(result) == expected


def test_divided_gpus_are_not_counted(pack: Pack) -> None:
    divided = machine(gpu(0, mig=True, mig_uuids=("MIG-a", "MIG-b")))
    assert not codes(asked(PROBES, site(divided, wanted_gpus=2), pack))


def test_a_lost_gpu_counts_as_missing(pack: Pack) -> None:
    result = asked(PROBES, site(machine(gpu(0), gpu(1), gpu(2), LOST), wanted_gpus=4), pack)
    assert codes(result) == ["DSH007", "DSL037"]


def test_a_card_that_the_driver_does_not_list(pack: Pack) -> None:
    result = asked(PROBES, site(machine(count=7), with_cards(8, "")), pack)
    assert codes(result) == ["DSH131"]
    assert "0000:0d:00 (driver: none)" in result.findings[0].message


@pytest.mark.parametrize(
    "host",
    [
        with_cards(8, links={"/.dockerenv": "/.dockerenv"}),
        with_cards(8, environment={"SLURM_JOB_ID": "7"}),
        with_cards(8, environment={"KUBERNETES_SERVICE_HOST": "10.0.0.1"}),
        with_cards(8, files={"/proc/mounts": "overlay / overlay rw 0 0\n"}),
        with_cards(8, environment={"PBS_JOBID": "7.pbs"}),
    ],
    ids=["docker", "slurm", "kubernetes", "a shell in a container", "pbs"],
)
def test_a_limited_view_explains_missing_cards(pack: Pack, host: GpuHost) -> None:
    assert not codes(asked(PROBES, site(machine(count=2), host), pack))


def test_a_neighbour_s_gpu_is_not_missed(pack: Pack) -> None:
    """Some drivers list all GPUs of a node to a job that may use some."""
    part = machine(gpu(0, mark=Mark.NO_PERMISSION), gpu(1))
    host = GpuHost(environment={"SLURM_JOB_ID": "7"})
    assert not codes(asked(PROBES, site(part, host, wanted_gpus=1), pack))
    assert codes(asked(PROBES, site(part, host, wanted_gpus=2), pack)) == ["DSL037"]


def test_virtual_functions_are_no_gpus(pack: Pack) -> None:
    host = with_cards(1).with_device("0000:06:01.0", "0x10de", "0x030200", "nvidia")
    host.links["/sys/bus/pci/devices/0000:06:01.0/physfn"] = "/sys/devices/0000:06:00.0"
    assert not codes(asked(PROBES, site(machine(count=1), host), pack))


def test_a_card_given_to_a_virtual_machine_is_not_missed(pack: Pack) -> None:
    host = with_cards(1).with_device("0000:20:00.0", "0x10de", "0x030000", "vfio-pci")
    assert not codes(asked(PROBES, site(machine(count=1), host), pack))


def test_a_cpu_machine_is_said_plainly(pack: Pack) -> None:
    result = asked(PROBES, site(NO_DRIVER, with_cards(0)), pack)
    assert (result.outcome, result.summary) == (Outcome.OK, "no GPU: a CPU-only machine")


def test_a_cpu_machine_for_a_job_with_gpus(pack: Pack) -> None:
    result = asked(PROBES, site(NO_DRIVER, with_cards(0), wanted_gpus=8), pack)
    assert codes(result) == ["DSH014"]
    assert severity(result) is Severity.FATAL


def test_amd_is_said_plainly(pack: Pack) -> None:
    host = GpuHost(links={"/dev/kfd": "/dev/kfd"})
    for index in range(4):
        host.with_device(f"0000:{index:02x}:00.0", "0x1002", "0x120000", "amdgpu")
    result = asked(PROBES, site(NO_DRIVER, host), pack)
    assert result.outcome is Outcome.OK
    assert result.summary.startswith("4 AMD GPUs")


def test_a_processor_of_amd_with_graphics_does_not_hide_nvidia_s_card(pack: Pack) -> None:
    host = with_cards(1, "nouveau", links={"/dev/kfd": "/dev/kfd"})
    host.with_device("0000:c0:00.0", "0x1002", "0x030000", "amdgpu")
    assert codes(asked(PROBES, site(NO_DRIVER, host), pack)) == ["DSH014"]


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ({"torch": "2.11.0", "torch.cuda": "13.0"}, Severity.FATAL),
        ({"torch": "2.11.0+cpu"}, Severity.WARNING),
        ({}, Severity.FATAL),
    ],
)
def test_a_card_for_the_screen_only(
    pack: Pack, versions: dict[str, str], expected: Severity
) -> None:
    where = site(NO_DRIVER, with_cards(1, "nouveau"), versions=versions)
    assert severity(asked(PROBES, where, pack)) is expected


def test_cards_without_driver(pack: Pack) -> None:
    result = asked(PROBES, site(NO_DRIVER, with_cards(2, "nouveau")), pack)
    assert codes(result) == ["DSH014"]
    assert "nouveau" in result.findings[0].message


def test_a_container_started_without_its_gpus_is_a_warning(pack: Pack) -> None:
    host = with_cards(8, links={"/.dockerenv": "/.dockerenv"})
    result = asked(PROBES, site(NO_DRIVER, host), pack)
    assert codes(result) == ["DSH014"]
    assert severity(result) is Severity.WARNING
    assert "container" in result.findings[0].message


def test_nvidia_visible_devices_void_is_the_reason(pack: Pack) -> None:
    host = with_cards(8, environment={"NVIDIA_VISIBLE_DEVICES": "void"})
    result = asked(PROBES, site(machine(count=0), host, wanted_gpus=8), pack)
    assert codes(result) == ["DSH015"]
    assert "NVIDIA_VISIBLE_DEVICES=void" in result.findings[0].message


@pytest.mark.parametrize(
    ("environment", "reason", "expected"),
    [
        ({}, "the kernel sees 8 NVIDIA GPUs, served by driver: nvidia", Severity.FATAL),
        ({"SLURM_JOB_ID": "7"}, "this Slurm job has none of the 8", Severity.WARNING),
    ],
)
def test_a_driver_that_lists_none(
    pack: Pack, environment: dict[str, str], reason: str, expected: Severity
) -> None:
    host = with_cards(8, environment=environment)
    result = asked(PROBES, site(machine(count=0), host), pack)
    assert (codes(result), severity(result)) == (["DSH015"], expected)
    assert reason in result.findings[0].message


def test_a_driver_without_cards_on_a_login_node_is_fine(pack: Pack) -> None:
    assert not codes(asked(PROBES, site(machine(count=0), with_cards(0)), pack))
    assert not codes(asked(PROBES, site(in_trouble(Trouble.NOT_LOADED), with_cards(0)), pack))


def test_a_driver_that_is_not_loaded_beside_cards(pack: Pack) -> None:
    result = asked(PROBES, site(in_trouble(Trouble.NOT_LOADED), with_cards(2, "")), pack)
    assert codes(result) == ["DSH014"]
    assert "module is not loaded" in result.findings[0].message


def test_a_driver_of_two_versions(pack: Pack) -> None:
    library = "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so"
    host = GpuHost(
        files={_MODULE: "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue\n"},
        links={f"{library}.1": f"{library}.550.90.07"},
    )
    result = asked(PROBES, site(in_trouble(Trouble.MISMATCH, "mismatch"), host), pack)
    assert codes(result) == ["DSH029"]
    assert "module (550.54.15)" in result.findings[0].message
    assert "library (550.90.07)" in result.findings[0].message


def test_a_driver_of_two_versions_that_nobody_knows(pack: Pack) -> None:
    result = asked(PROBES, site(in_trouble(Trouble.MISMATCH)), pack)
    assert codes(result) == ["DSH029"]
    assert "()" not in result.findings[0].message


def test_a_driver_that_hangs(pack: Pack) -> None:
    result = asked(PROBES, site(in_trouble(Trouble.HUNG, "no answer in 20 s")), pack)
    assert codes(result) == ["DSH051"]
    assert "no answer in 20 s" in result.findings[0].message


@pytest.mark.parametrize(
    ("trouble", "code"), [(Trouble.FAILED, "DSH051"), (Trouble.NO_PERMISSION, "DSH110")]
)
def test_a_driver_that_fails(pack: Pack, trouble: Trouble, code: str) -> None:
    inside = GpuHost(links={"/.dockerenv": "/.dockerenv"})
    assert codes(asked(PROBES, site(in_trouble(trouble, "Unknown Error"), inside), pack)) == [
        "DSH041"
    ]
    assert codes(asked(PROBES, site(in_trouble(trouble, "Unknown Error")), pack)) == [code]


def test_nobody_to_ask_is_not_a_healthy_machine(pack: Pack) -> None:
    result = asked(PROBES, site(silent()), pack)
    assert result.outcome is Outcome.SKIPPED
    assert result.note == "could not look: died of SIGSEGV"


def test_a_crash_is_told(pack: Pack) -> None:
    assert asked(PROBES, site(ValueError("odd")), pack).outcome is Outcome.CRASHED
