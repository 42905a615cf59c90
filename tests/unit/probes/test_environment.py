"""Environment variables: misspelt, harmful, old."""

from __future__ import annotations

import time
from typing import Any

import pytest

from dsdoctor.knowledge.pack import Pack
from dsdoctor.model import Outcome, ProbeResult, Severity
from dsdoctor.probes.allocator_options import problem_of
from dsdoctor.probes.clients.unavailable import Unavailable
from dsdoctor.probes.environment import PROBES
from dsdoctor.probes.variable_names import known_names, meant_by
from tests.unit.probes.fakes import FakeHost
from tests.unit.probes.gpu_site import asked, codes, severity
from tests.unit.probes.network_site import shell, site

HOME = {"HOME": "/home/ann", "PWD": "/work/job"}


def look(pack: Pack, hosts: int = 1, **variables: str) -> ProbeResult:
    return asked(PROBES, site(host=shell(**variables), hosts=hosts), pack)


def test_healthy(pack: Pack) -> None:
    result = look(pack, NCCL_DEBUG="WARN", NCCL_SOCKET_IFNAME="eth0", PATH="/usr/bin")
    assert result.outcome is Outcome.OK
    assert result.summary == "2 of NCCL: NCCL_DEBUG, NCCL_SOCKET_IFNAME"
    assert result.facts == {"NCCL_DEBUG": "WARN", "NCCL_SOCKET_IFNAME": "eth0"}
    assert look(pack).summary == "none of NCCL is set"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("NCCL_SOKET_IFNAME", "NCCL_SOCKET_IFNAME"),
        ("NCLL_DEBUG", "NCCL_DEBUG"),
        ("CUDA_VISIBLE_DEVICE", "CUDA_VISIBLE_DEVICES"),
        ("NCCL_HEARTBEAT_TIMEOUT_SEC", "TORCH_NCCL_HEARTBEAT_TIMEOUT_SEC"),
        ("PYTORCH_CUDA_ALLOC_CONFG", "PYTORCH_CUDA_ALLOC_CONF"),
        ("DS_SKIP_CUDA_CHEK", "DS_SKIP_CUDA_CHECK"),
    ],
)
def test_misspelt(pack: Pack, name: str, meant: str) -> None:
    result = asked(PROBES, site(host=FakeHost(environment={name: "1"})), pack)
    assert "DSN088" in codes(result)
    assert result.findings[0].message == f"Nothing reads {name}; there is {meant}"


@pytest.mark.parametrize(
    "name",
    [
        "RCCL_MSCCL_ENABLE",
        "NCCL_VERSION",
        "CUDA_PATH",
        "CUDA_HOME_OLD",
        "NCCL_IB_HCA2",
        "DS_MY_OWN_SETTING",
        "NVIDIA_VISIBLE_DEVICES",
        "NCCL_GPUDIRECTTCPX_FORCE_ACK",
        "TORCHVISION_CACHE",
        "X" * 5_000,
    ],
)
def test_not_misspelt(name: str) -> None:
    assert meant_by(name) == ""


def test_no_known_name_is_misspelt() -> None:
    assert len(known_names()) > 700
    assert [name for name in known_names() if meant_by(name)] == []


def test_a_large_environment_takes_no_time() -> None:
    known_names()
    started = time.perf_counter()
    for number in range(300):
        meant_by(f"SOME_VARIABLE_OF_THE_CLUSTER_{number}")
        meant_by(f"NCCL_SOMETHING_UNHEARD_OF_{number}")
    assert time.perf_counter() - started < 2


def test_misspelt_beside_the_right_one_is_a_note(pack: Pack) -> None:
    result = look(pack, NCLL_DEBUG="INFO", NCCL_DEBUG="INFO")
    assert severity(result) is Severity.INFO


def test_debugging_that_costs(pack: Pack) -> None:
    result = look(pack, CUDA_LAUNCH_BLOCKING="1", TORCH_DISTRIBUTED_DEBUG="detail")
    assert codes(result) == ["DSN089"]
    assert severity(result) is Severity.WARNING
    assert "CUDA_LAUNCH_BLOCKING=1 (every kernel is waited for)" in result.findings[0].message
    assert not codes(look(pack, CUDA_LAUNCH_BLOCKING="0", TORCH_DISTRIBUTED_DEBUG="INFO"))


def test_debugging_that_only_talks(pack: Pack) -> None:
    result = look(pack, NCCL_DEBUG="TRACE")
    assert (codes(result), severity(result)) == (["DSN089"], Severity.INFO)


def test_old_names(pack: Pack) -> None:
    result = look(pack, NCCL_ASYNC_ERROR_HANDLING="1")
    assert (codes(result), severity(result)) == (["DSN090"], Severity.INFO)
    assert codes(look(pack, NCCL_BLOCKING_WAIT="1")) == ["DSN089", "DSN090"]


def test_fast_paths_taken_away(pack: Pack) -> None:
    result = look(pack, NCCL_P2P_DISABLE="1", NCCL_NET="Socket")
    assert codes(result) == ["DSN073"]
    assert "NCCL_NET" not in result.findings[0].message
    both = look(pack, hosts=2, NCCL_P2P_DISABLE="1", NCCL_NET="Socket")
    assert "NCCL_NET=Socket (hosts talk over TCP" in both.findings[0].message
    assert not codes(look(pack, hosts=2, NCCL_IB_DISABLE="1", NCCL_P2P_DISABLE="0"))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("expandable_segments:true", "takes True or False, not 'true'"),
        ("expandable_segments=True", "not of the form name:value"),
        ("max_split_size_mb:10", "must be 20 or more"),
        ("max_split_size_mb:abc", "takes a number"),
        ("max_split_size_mb:128;garbage_collection_threshold:0.8", "takes a number"),
        ("expandable_segment:True", "there is no option 'expandable_segment'"),
        ("backend:", "backend has no value"),
    ],
)
def test_options_that_torch_refuses(pack: Pack, value: str, words: str) -> None:
    result = look(pack, PYTORCH_CUDA_ALLOC_CONF=value)
    assert codes(result) == ["DSN091"]
    assert words in result.findings[0].message


@pytest.mark.parametrize(
    "value",
    [
        "",
        "expandable_segments:True",
        "expandable_segments:True,",
        "max_split_size_mb:512, garbage_collection_threshold:0.8",
        "roundup_power2_divisions:[256:1,512:2,>:8],expandable_segments:False",
        "backend:cudaMallocAsync",
        "max_split_size_mb:64.5",
    ],
)
def test_options_that_torch_reads(value: str) -> None:
    assert problem_of(value) == ""


def test_variables_of_the_launcher_s_file(pack: Pack) -> None:
    files = {"/work/job/.deepspeed_env": "NCCL_DEBUG=INFO\nNCCL_SOKET_IFNAME=eth0\n"}
    host = FakeHost(files=files, environment=HOME)
    result = asked(PROBES, site(host=host, hosts=2), pack)
    assert codes(result) == ["DSN088"]
    assert "(/work/job/.deepspeed_env:2)" in result.findings[0].message
    assert (result.findings[0].evidence[0].file, result.findings[0].evidence[0].line) == (
        "/work/job/.deepspeed_env",
        2,
    )
    assert not codes(asked(PROBES, site(host=host), pack)), "one host: nobody opens the file"


def test_nccl_s_own_file(pack: Pack) -> None:
    host = FakeHost(files={"/etc/nccl.conf": "NCCL_P2P_DISABLE=1\n# comment\n"})
    assert codes(asked(PROBES, site(host=host), pack)) == ["DSN073"]


def test_the_launch_line_wins(pack: Pack) -> None:
    where = site(host=shell(CUDA_LAUNCH_BLOCKING="1"), launch="CUDA_LAUNCH_BLOCKING=0 python t.py")
    assert not codes(asked(PROBES, where, pack))


def test_secrets_are_not_shown(pack: Pack) -> None:
    assert "DS_API_KEY" not in look(pack, DS_API_KEY="s3cret").facts


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(Unavailable("gone"), Outcome.SKIPPED), (ValueError("odd"), Outcome.CRASHED)],
)
def test_no_answer(pack: Pack, error: Exception, outcome: Any) -> None:
    assert asked(PROBES, site(host=FakeHost(broken=error)), pack).outcome is outcome
