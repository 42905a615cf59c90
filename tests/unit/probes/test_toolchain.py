"""The tools that compile DeepSpeed's ops."""

from __future__ import annotations

from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, ProbeResult, Severity
from dsdoctor.probes.arch_list import unreadable, without_letters
from dsdoctor.probes.clients.host import Completed, RealHost
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.compilers import Compiler, cxx, too_new, too_old
from dsdoctor.probes.cuda_home import find_toolkit
from dsdoctor.probes.toolchain import PROBES
from tests.unit.probes.fakes import FakeHost, said
from tests.unit.probes.fakes_gpus import gpu, machine
from tests.unit.probes.fakes_job import job
from tests.unit.probes.fakes_packages import ON_CPU, ON_GPU, FakePackages, software
from tests.unit.probes.gpu_site import asked, codes, severity

PLAIN = {"train_batch_size": 8, "optimizer": {"type": "AdamW"}}
NVCC = "/usr/local/cuda/bin/nvcc"
NO_OPS = {"train_batch_size": 8}
PYTHON_H = "/usr/include/python3.11/Python.h"
INSTALLED = "/env/site-packages/deepspeed/git_version_info_installed.py"


def gcc(version: str = "12.2.0") -> Completed:
    return said(f"c++ (Debian {version}-14) {version}\nCopyright (C) Free Software Foundation\n")


def nvcc(release: str) -> Completed:
    return said(f"Cuda compilation tools, release {release}, V{release}.93\n")


def workshop(
    release: str = "12.8",
    files: dict[str, str] | None = None,
    missing: tuple[str, ...] = (),
    commands: dict[str, Completed | Exception] | None = None,
    **environment: str,
) -> FakeHost:
    """A host with all tools, except for those that are missing."""
    tools: dict[str, Completed | Exception] = {
        "c++": gcc(),
        "gcc": gcc(),
        "ninja": said("1.11"),
        NVCC: nvcc(release),
        **(commands or {}),
    }
    there = {PYTHON_H: "", "/usr/local/cuda/include/cuda_runtime.h": "", **(files or {})}
    return FakeHost(
        {name: text for name, text in there.items() if name not in missing},
        environment=environment,
        commands={name: answer for name, answer in tools.items() if name not in missing},
    )


def made(
    pack: Pack,
    host: FakeHost,
    config: dict[str, Any] | None = PLAIN,
    versions: dict[str, str] | None = None,
    **more: Any,
) -> ProbeResult:
    spec = None if config is None else job(config)
    where = software(host, versions or ON_GPU, more.pop("gpus", machine()), spec, **more)
    return asked(PROBES, where, pack)


def test_a_healthy_workshop(pack: Pack) -> None:
    result = made(pack, workshop())
    assert result.outcome is Outcome.OK
    assert result.summary == "c++ 12.2.0, ninja, nvcc 12.8, to compile: fused_adam"
    assert result.facts["ops"] == ["fused_adam"]
    assert result.facts["nvcc"] == "12.8"


def test_nothing_to_compile_needs_no_tools(pack: Pack) -> None:
    bare = FakeHost()
    assert not codes(made(pack, bare, NO_OPS))
    ready = FakeHost({INSTALLED: "installed_ops={'fused_adam': True, 'cpu_adam': False}\n"})
    result = made(pack, ready)
    assert not codes(result)
    assert result.summary.endswith("nothing to compile")


def test_without_a_job_it_is_only_information(pack: Pack) -> None:
    result = made(pack, FakeHost(), None)
    assert set(codes(result)) == {"DSB001", "DSB005", "DSB007", "DSB009"}
    assert {item.severity for item in result.findings} == {Severity.INFO}


@pytest.mark.parametrize(
    ("missing", "code", "words"),
    [
        ("ninja", "DSB005", "ninja is not on PATH, so fused_adam (optimizer.type AdamW)"),
        ("c++", "DSB007", "The C++ compiler c++ is not on PATH"),
        (PYTHON_H, "DSB009", "Python.h is not in /usr/include/python3.11"),
        (NVCC, "DSB001", "(by default: /usr/local/cuda)"),
    ],
)
def test_a_missing_tool(pack: Pack, missing: str, code: str, words: str) -> None:
    result = made(pack, workshop(missing=(missing,)))
    assert codes(result) == [code]
    assert severity(result) is Severity.FATAL
    assert words in result.findings[0].message


def test_no_toolkit_at_all(pack: Pack) -> None:
    result = made(pack, workshop(missing=("/usr/local/cuda/include/cuda_runtime.h",)))
    assert codes(result) == ["DSB001"]
    assert "CUDA_HOME is not set" in result.findings[0].message


def test_a_runtime_only_toolkit(pack: Pack) -> None:
    host = workshop(CUDA_HOME="/opt/cuda", files={"/opt/cuda/lib64/libcudart.so": ""})
    result = made(pack, host)
    assert codes(result) == ["DSB001"]
    assert "(by CUDA_HOME: /opt/cuda)" in result.findings[0].message


def test_ninja_in_an_environment_that_is_not_active(pack: Pack) -> None:
    host = workshop(missing=("ninja",), files={"/env/bin/ninja": ""})
    result = made(pack, host)
    assert codes(result) == ["DSB005"]
    assert severity(result) is Severity.WARNING


def test_a_link_to_nvcc_has_no_headers(pack: Pack) -> None:
    host = workshop(
        missing=(NVCC, "/usr/local/cuda/include/cuda_runtime.h"),
        commands={"nvcc": nvcc("12.8"), "/usr/bin/nvcc": nvcc("12.8"), "/usr": nvcc("12.8")},
    )
    result = made(pack, host)
    assert codes(result) == ["DSB009"]
    assert "cuda_runtime.h is not in /usr/include" in result.findings[0].message


def test_condas_headers_are_below_targets(pack: Pack) -> None:
    host = workshop(
        missing=("/usr/local/cuda/include/cuda_runtime.h",),
        files={"/usr/local/cuda/targets/x86_64-linux/include/cuda_runtime.h": ""},
    )
    assert not codes(made(pack, host))


@pytest.mark.parametrize(
    ("release", "built", "code", "level"),
    [
        ("12.4", "12.8", None, None),
        ("13.0", "12.8", "DSB002", Severity.ERROR),
        ("11.8", "12.8", "DSB002", Severity.ERROR),
        ("13.1", "13.0", None, None),
    ],
)
def test_toolkit_and_torch_when_nobody_compares(
    pack: Pack, release: str, built: str, code: str | None, level: Severity | None
) -> None:
    host = workshop(release, commands={"gcc": gcc("11.4.0")})
    result = made(pack, host, versions={**ON_GPU, "torch.cuda": built})
    assert codes(result) == ([code] if code else [])
    assert not code or severity(result) is level


OFFLOADED = {**PLAIN, "zero_optimization": {"stage": 2, "offload_optimizer": {"device": "cpu"}}}


@pytest.mark.parametrize(
    ("release", "built", "code"),
    [
        ("12.4", "12.8", None),
        ("13.0", "12.8", "DSB002"),
        ("13.1", "13.0", "DSB002"),
    ],
)
def test_an_older_deepspeed_compares_for_cpu_adam(
    pack: Pack, release: str, built: str, code: str | None
) -> None:
    versions = {**ON_GPU, "torch.cuda": built, "deepspeed": "0.19.4"}
    result = made(pack, workshop(release), OFFLOADED, versions)
    assert codes(result) == ([code] if code else [])
    assert not code or severity(result) is Severity.FATAL
    lenient = made(pack, workshop(release, DS_SKIP_CUDA_CHECK="1"), OFFLOADED, versions)
    assert all(item.severity is Severity.ERROR for item in lenient.findings)


def test_cpu_adam_takes_no_cuda_any_more(pack: Pack) -> None:
    result = made(pack, workshop(missing=(NVCC,)), OFFLOADED)
    assert not codes(result)
    assert result.facts["ops"] == ["cpu_adam"]


def test_an_nvcc_that_is_older_than_the_gpu(pack: Pack) -> None:
    new = machine(gpu(0, capability=(10, 0)))
    result = made(pack, workshop("12.4"), gpus=new)
    assert codes(result) == ["DSB014"]
    assert "compute capability 10.0, which needs CUDA 12.8" in result.findings[0].message
    assert not codes(made(pack, workshop("12.4", TORCH_CUDA_ARCH_LIST="9.0+PTX"), gpus=new))


def test_a_gcc_that_is_too_new_for_nvcc(pack: Pack) -> None:
    result = made(pack, workshop("12.1", commands={"gcc": gcc("13.2.0")}))
    assert codes(result) == ["DSB008"]
    assert "nvcc 12.1 works with gcc up to 12" in result.findings[0].message
    own = workshop("12.1", commands={"gcc": gcc("13.2.0")}, NVCC_PREPEND_FLAGS="-ccbin g++-12")
    assert not codes(made(pack, own))


def test_a_gcc_that_is_too_old_for_torch(pack: Pack) -> None:
    result = made(pack, workshop(commands={"c++": gcc("8.5.0")}))
    assert codes(result) == ["DSB008"]
    assert "torch 2.8.0 needs gcc 9 or later" in result.findings[0].message


def test_a_list_of_architectures_that_cannot_be_read(pack: Pack) -> None:
    result = made(pack, workshop(TORCH_CUDA_ARCH_LIST="8.0;9.0a"))
    assert codes(result) == ["DSB011"]
    assert severity(result) is Severity.FATAL
    assert "TORCH_CUDA_ARCH_LIST=8.0;9.0a: '9.0a' is not" in result.findings[0].message
    assert result.findings[0].message.endswith("it could be 8.0;9.0")
    unknown = made(pack, workshop(TORCH_CUDA_ARCH_LIST="9.0a"), None)
    assert severity(unknown) is Severity.WARNING


def test_an_older_deepspeed_does_not_read_the_list(pack: Pack) -> None:
    versions = {**ON_GPU, "deepspeed": "0.18.9"}
    host = workshop(TORCH_CUDA_ARCH_LIST="9.0a")
    assert not codes(made(pack, host, versions=versions))


READ_BY_DEEPSPEED = {
    "9.0": True, "9.0+PTX": True, "8.0 9.0": True, "8.0;;9.0": True, "": True, " ": True,
    "8.0;": True, "09.0": True, "8.6+PTX;8.0": True, "9.0+ptx": True, "9.0.0": True,
    "9.0a": False, "8.0;9.0a": False, "8.0,9.0": False, "90": False, "sm_90": False,
    "Hopper": False, "Ampere;Hopper": False, "9": False, "9.0 +PTX": False, "9.0f": False,
    "Native": False, "common": False, "all": False, "8.0\t9.0": False, "+PTX": False,
}  # fmt: skip
"""What compute_capability_args of deepspeed 0.19.8 did with each of them, in JIT mode."""


@pytest.mark.parametrize(("text", "read"), READ_BY_DEEPSPEED.items())
def test_lists_as_deepspeed_reads_them(text: str, read: bool) -> None:
    assert (unreadable(text) is None) is read


def test_a_better_list_is_offered() -> None:
    assert without_letters("9.0a") == "9.0"
    assert without_letters("8.0,9.0a 9.0") == "8.0;9.0"
    assert without_letters("Hopper") == ""


def test_clang_has_no_bounds_here() -> None:
    host = FakeHost(
        commands={"clang++": said("clang version 17.0.6")}, environment={"CXX": "clang++"}
    )
    assert cxx(host) == Compiler("clang++", "17.0.6", gnu=False)
    assert not too_new(cxx(host), "12.1")
    assert not too_old(cxx(host), "2.8.0")


def test_a_compiler_that_does_not_run() -> None:
    assert cxx(FakeHost(commands={"c++": said(code=1)})).problem == "does not run (exit code 1)"


def test_red_hats_version() -> None:
    host = FakeHost(commands={"c++": said("c++ (GCC) 11.5.0 20240719 (Red Hat 11.5.0-2)")})
    assert cxx(host).version == "11.5.0"


def test_the_toolkit_is_found_as_torch_finds_it() -> None:
    host = FakeHost(commands={"nvcc": said()}, dirs=("/usr/local/cuda",))
    found = find_toolkit(host)
    assert found is not None
    assert (found.home, found.said_by) == ("/usr", "nvcc on PATH")
    host = FakeHost(environment={"CUDA_PATH": "/opt/cuda"}, commands={"nvcc": said()})
    found = find_toolkit(host)
    assert found is not None
    assert found.said_by == "CUDA_PATH"
    assert find_toolkit(FakeHost()) is None


def test_skipped(pack: Pack) -> None:
    for versions in ({"python": "3.11.9"}, {**ON_CPU, "torch.hip": "6.2"}):
        assert made(pack, workshop(), versions=versions).outcome is Outcome.SKIPPED


def test_on_a_cpu_machine_cuda_is_not_asked_for(pack: Pack) -> None:
    result = asked(PROBES, software(workshop(missing=(NVCC,)), ON_CPU, job=job(PLAIN)), pack)
    assert not codes(result)
    assert "nvcc" not in result.summary


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(Unavailable("gone"), Outcome.SKIPPED), (ValueError("odd"), Outcome.CRASHED)],
)
def test_a_client_that_fails(pack: Pack, error: Exception, outcome: Outcome) -> None:
    assert made(pack, FakeHost(broken=error)).outcome is outcome
    assert asked(PROBES, software(packages=error), pack).outcome is outcome


def test_this_machine(pack: Pack) -> None:
    host: Any = RealHost()
    result = asked(PROBES, software(host, FakePackages(ON_CPU)), pack)
    assert result.outcome in (Outcome.OK, Outcome.ATTENTION)
    assert result.seconds < 2
