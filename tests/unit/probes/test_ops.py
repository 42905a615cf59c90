"""Which ops a job loads."""

from __future__ import annotations

from typing import Any

import pytest

from dsdoctor.probes.ops import built_in_advance, named, nvme_path, on_nvme, ops_of, severity_of
from tests.unit.probes.fakes import FakeHost
from tests.unit.probes.fakes_job import job
from tests.unit.probes.fakes_packages import FakePackages

CPU = {"offload_optimizer": {"device": "cpu"}}
NVME = {"offload_optimizer": {"device": "nvme", "nvme_path": "/local_nvme"}}


def config(kind: str = "AdamW", stage: int = 0, **zero: Any) -> dict[str, Any]:
    return {
        "train_batch_size": 8,
        "optimizer": {"type": kind, "params": {"lr": 1e-4}},
        "zero_optimization": {"stage": stage, **zero},
    }


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (config(), ["fused_adam"]),
        (config("Adam", 3), ["fused_adam"]),
        (config("Lion"), ["fused_lion"]),
        (config("Lamb"), ["fused_lamb"]),
        (config("Muon"), ["fused_adam"]),
        (config("Adagrad"), []),
        (config("SGD"), []),
        (config("Adagrad", 2, **CPU), ["cpu_adagrad"]),
        (config("AdamW", 2, **CPU), ["cpu_adam"]),
        (config("Lion", 3, **CPU), ["cpu_lion"]),
        (config("AdamW", 3, **NVME), ["cpu_adam", "pin_memory", "async_io"]),
        (config("AdamW", 0, **CPU), ["fused_adam"]),
        (config("AdamW", 3, zero_quantized_weights=True), ["fused_adam", "quantizer"]),
        ({"train_batch_size": 8}, []),
    ],
)
def test_ops_of_a_configuration(wanted: dict[str, Any], names: list[str]) -> None:
    assert [op.name for op in ops_of(job(wanted), "0.19.8", gpu=True)] == names


def test_torch_adam_is_not_compiled() -> None:
    plain = config()
    plain["optimizer"]["params"]["torch_adam"] = True
    assert not ops_of(job(plain), "0.19.8", gpu=True)


def test_an_optimizer_of_the_script_that_is_offloaded() -> None:
    wanted = {"train_batch_size": 8, "zero_optimization": {"stage": 2, **CPU}}
    (op,) = ops_of(job(wanted), "0.19.8", gpu=True)
    assert (op.name, op.sure) == ("cpu_adam", False)
    wanted["zero_force_ds_cpu_optimizer"] = False
    assert not ops_of(job(wanted), "0.19.8", gpu=True)


def test_versions_differ_in_what_they_compile() -> None:
    spec = job(config("AdamW", 3, **NVME))
    old = {op.name: op for op in ops_of(spec, "0.19.4", gpu=True)}
    new = {op.name: op for op in ops_of(spec, "0.19.5", gpu=True)}
    assert set(new) - set(old) == {"pin_memory"}
    assert (old["cpu_adam"].cuda, old["cpu_adam"].strict) == (True, True)
    assert (new["cpu_adam"].cuda, new["cpu_adam"].strict) == (False, False)
    assert new["async_io"].cuda


def test_without_gpu_nothing_takes_cuda() -> None:
    assert not any(op.cuda for op in ops_of(job(config()), "0.19.4", gpu=False))
    assert not ops_of(None, "0.19.8", gpu=True)


def test_ops_that_came_with_the_installation() -> None:
    file = "/env/site-packages/deepspeed/git_version_info_installed.py"
    host = FakeHost({file: "version='0.19.8'\ninstalled_ops={'a': True, 'cpu_adam': False}\n"})
    assert built_in_advance(host, FakePackages()) == {"a"}
    assert built_in_advance(FakeHost(), FakePackages()) == frozenset()


def test_what_goes_to_nvme() -> None:
    assert on_nvme(job(config("AdamW", 3, **NVME))) == ("optimizer",)
    assert on_nvme(job(config("AdamW", 2, **NVME))) == ()
    assert nvme_path(job(config("AdamW", 3, **NVME)), "optimizer") == "/local_nvme"
    assert nvme_path(job(config()), "optimizer") is None


def test_words() -> None:
    (op,) = ops_of(job(config()), "0.19.8", gpu=True)
    assert named((op,)) == "fused_adam (optimizer.type AdamW)"
    assert named(None) == "DeepSpeed's ops"
    assert severity_of((op,)) is None
