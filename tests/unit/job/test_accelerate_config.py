"""Accelerate config files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dsdoctor.errors import SourceError
from dsdoctor.job.accelerate_config import (
    DEEPSPEED_KEYS,
    KEYS,
    REFUSED_BESIDE_CONFIG_FILE,
    config_file,
    read_accelerate_config,
    refused_beside_config_file,
)
from dsdoctor.job.launchers.grammars import ACCELERATE

BLOCK = """\
compute_environment: LOCAL_MACHINE
debug: false
deepspeed_config:
  gradient_accumulation_steps: 4
  gradient_clipping: 1.0
  offload_optimizer_device: cpu
  offload_param_device: none
  zero3_init_flag: true
  zero3_save_16bit_model: true
  zero_stage: 3
distributed_type: DEEPSPEED
downcast_bf16: 'no'
enable_cpu_affinity: false
machine_rank: 0
main_training_function: main
mixed_precision: bf16
num_machines: 2
num_processes: 16
rdzv_backend: static
same_network: true
use_cpu: false
"""
FILE = """\
deepspeed_config:
  deepspeed_config_file: ds.json
  deepspeed_hostfile: hosts
  zero3_init_flag: true
  gradient_accumulation_steps: 4
distributed_type: DEEPSPEED
mixed_precision: 'no'
num_machines: 1
num_processes: 8
"""
OLD = "distributed_type: MULTI_GPU\nfp16: true\nnum_processes: 2\n"
JSON = (
    '{"distributed_type": "DEEPSPEED", "deepspeed_config": {"zero_stage": 2}, "num_processes": 4}'
)


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write_it(text: str, name: str = "acc.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write_it


def test_a_file_that_accelerate_config_writes(write: Any) -> None:
    settings = read_accelerate_config(write(BLOCK))
    stage = settings["deepspeed_config.zero_stage"]
    assert (stage.value, stage.place.line, stage.place.column) == (3, 10, 3)
    assert settings["mixed_precision"].value == "bf16"
    assert settings["num_processes"].value == 16
    assert settings["downcast_bf16"].value == "no"
    assert config_file(settings) is None
    assert refused_beside_config_file(settings) == ()


def test_what_accelerate_refuses_beside_a_deepspeed_file(write: Any) -> None:
    settings = read_accelerate_config(write(FILE))
    named = config_file(settings)
    assert named is not None
    assert (named.value, named.place.line) == ("ds.json", 2)
    refused = [setting.name for setting in refused_beside_config_file(settings)]
    assert refused == ["deepspeed_config.gradient_accumulation_steps", "mixed_precision"]
    unnamed = read_accelerate_config(write(FILE.replace("ds.json", "none")))
    assert refused_beside_config_file(unnamed) == ()


def test_old_names(write: Any) -> None:
    setting = read_accelerate_config(write(OLD))["mixed_precision"]
    assert (setting.name, setting.value, setting.place.line) == ("fp16", "fp16", 2)


def test_what_is_no_such_file(write: Any) -> None:
    with pytest.raises(SourceError, match="twice"):
        read_accelerate_config(write("num_processes: 1\nnum_processes: 2\n"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("text", "name"), [(BLOCK, "a.yaml"), (FILE, "a.yaml"), (OLD, "a.yaml"), (JSON, "a.json")]
)
def test_as_accelerates_own_loader_reads_it(write: Any, text: str, name: str) -> None:
    config_args = pytest.importorskip("accelerate.commands.config.config_args")
    path = write(text, name)
    theirs = config_args.load_config_from_file(str(path)).to_dict()
    for dotted_name, setting in read_accelerate_config(path).items():
        value: Any = theirs
        if dotted_name == "fp16":
            continue
        for part in dotted_name.split("."):
            value = value[part]
        assert setting.value == value, dotted_name


@pytest.mark.filterwarnings("ignore")
def test_the_tables_are_accelerates() -> None:
    """Keys of the file, options of the launcher, and what is refused."""
    config_args = pytest.importorskip("accelerate.commands.config.config_args")
    launch = pytest.importorskip("accelerate.commands.launch")
    fields = set(config_args.ClusterConfig.__dataclass_fields__)
    assert fields | {"fp16", "dynamo_backend"} == KEYS
    actions = {action.dest: action for action in launch.launch_command_parser()._actions}
    assert set(actions) >= DEEPSPEED_KEYS
    assert {"tpu_cluster", "no_tpu_cluster"} | {
        name for name, action in actions.items() if action.nargs == 0
    } - {"tpu_use_cluster"} == ACCELERATE.flags
    deepspeed = {action.dest for action in _group(launch, "DeepSpeed Arguments")}
    assert deepspeed == DEEPSPEED_KEYS
    for name, kind in ((name, int) for name in ACCELERATE.ints):
        assert actions[name].type is kind
    for name in ACCELERATE.floats:
        assert actions[name].type is float


def _group(launch: Any, title: str) -> list[Any]:
    groups = launch.launch_command_parser()._action_groups
    return next(group._group_actions for group in groups if group.title == title)


@pytest.mark.filterwarnings("ignore")
def test_accelerate_refuses_just_these(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own check, one field at a time."""
    dataclasses = pytest.importorskip("accelerate.utils.dataclasses")
    refused = set()
    for name in [*DEEPSPEED_KEYS, "mixed_precision"]:
        monkeypatch.setenv("ACCELERATE_CONFIG_DS_FIELDS", name)
        try:
            dataclasses.DeepSpeedPlugin._deepspeed_config_checks(None)
        except ValueError:
            refused.add(name)
    ours = {name.removeprefix("deepspeed_config.") for name in REFUSED_BESIDE_CONFIG_FILE}
    assert refused == ours
