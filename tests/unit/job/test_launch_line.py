"""Launch lines, held against the launchers' own parsers where they are installed."""

from __future__ import annotations

import random
import shlex
import time
from typing import Any

import pytest

from dsdoctor.errors import UsageError
from dsdoctor.job.launch_line import Launch, parse_launch_line
from dsdoctor.job.launchers.grammars import DEEPSPEED, TORCHRUN
from dsdoctor.job.launchers.words import split_words
from dsdoctor.job.place import Place


def values(settings: Any) -> dict[str, Any]:
    return {name: setting.value for name, setting in settings.items()}


def paths(launch: Launch) -> list[str]:
    return [setting.value for setting in launch.configs]


@pytest.mark.parametrize(
    ("line", "launcher", "script", "world"),
    [
        ("deepspeed --num_gpus 8 train.py", "deepspeed", "train.py", 8),
        ("deepspeed --num_gpu=4 train.py", "deepspeed", "train.py", 4),
        ("deepspeed --num_accelerators 4 train.py", "deepspeed", "train.py", 4),
        ("deepspeed --num_gpus 8 --num_nodes 2 -H hosts train.py", "deepspeed", "train.py", 16),
        ("deepspeed --num_gpus 8 --hostfile hosts train.py", "deepspeed", "train.py", None),
        ("deepspeed --hostfile hosts train.py", "deepspeed", "train.py", None),
        ("deepspeed -i localhost:0,1,2 train.py", "deepspeed", "train.py", 3),
        ("deepspeed --include a:0,1@b:0 -H h train.py", "deepspeed", "train.py", 3),
        ("deepspeed --include a@b:0 -H h train.py", "deepspeed", "train.py", None),
        ("deepspeed --include a:x train.py", "deepspeed", "train.py", None),
        ("deepspeed --exclude localhost:0 train.py", "deepspeed", "train.py", None),
        ("deepspeed train.py --num_gpus 8", "deepspeed", "train.py", None),
        ("CUDA_VISIBLE_DEVICES=0,3 deepspeed train.py", "deepspeed", "train.py", 2),
        ("CUDA_VISIBLE_DEVICES=0,3 deepspeed --num_gpus 4 train.py", "deepspeed", "train.py", 4),
        ("deepspeed --bind_cores_to_rank --no_local_rank a.py", "deepspeed", "a.py", None),
        ("deepspeed --module --num_gpus 2 my.train x", "deepspeed", "my.train", 2),
        ("python -m deepspeed.launcher.runner --num_gpus 2 a.py", "deepspeed", "a.py", 2),
        ("torchrun --nproc_per_node=8 a.py", "torchrun", "a.py", 8),
        ("torchrun --nproc-per-node 8 --nnodes 2 a.py", "torchrun", "a.py", 16),
        ("torchrun --nnodes 2:2 --nproc_per_node 4 a.py", "torchrun", "a.py", 8),
        ("torchrun --nnodes=1:4 --nproc_per_node=8 a.py", "torchrun", "a.py", None),
        ("torchrun --nproc_per_node gpu a.py", "torchrun", "a.py", None),
        ("torchrun --nproc_per_node=$GPUS a.py", "torchrun", "a.py", None),
        ("torchrun a.py", "torchrun", "a.py", 1),
        ("PET_NPROC_PER_NODE=4 PET_NNODES=2 torchrun a.py", "torchrun", "a.py", 8),
        ("torchrun --standalone --nproc_per_node 2 -m my.mod", "torchrun", "my.mod", 2),
        ("python -m torch.distributed.run --nproc_per_node 2 a.py", "torchrun", "a.py", 2),
        ("python3 -m torch.distributed.launch --use_env --nproc_per_node 2 a.py", "torchrun",
         "a.py", 2),
        ("accelerate launch --num_processes 8 a.py", "accelerate", "a.py", 8),
        ("accelerate launch --num-processes=8 --num_machines 2 a.py", "accelerate", "a.py", 8),
        ("accelerate launch --multi_gpu --config_file c.yaml a.py", "accelerate", "a.py", None),
        ("accelerate-launch --num_processes 3 a.py", "accelerate", "a.py", 3),
        ("python -m accelerate.commands.launch --num_processes 3 a.py", "accelerate", "a.py", 3),
        ("llamafactory-cli train x.yaml", "llamafactory", "", None),
        ("FORCE_TORCHRUN=1 NNODES=2 NPROC_PER_NODE=4 llamafactory-cli train x.yaml",
         "llamafactory", "", 8),
        ("CUDA_VISIBLE_DEVICES=0,1 llamafactory-cli train x.yaml", "llamafactory", "", 2),
        ("axolotl train x.yaml", "axolotl", "", None),
        ("axolotl train x.yaml --num-processes 8", "axolotl", "", 8),
        ("axolotl train x.yaml --launcher torchrun -- --nproc_per_node=2 --nnodes=2", "axolotl",
         "", 4),
        ("axolotl train x.yaml -- --num_processes 4", "axolotl", "", 4),
        ("python train.py", "python", "train.py", 1),
        ("/opt/env/bin/python3.11 -u -W ignore train.py", "python", "train.py", 1),
        ("python -m my.train --bf16", "python", "my.train", 1),
        ("WORLD_SIZE=4 RANK=0 python train.py", "python", "train.py", 4),
        ("srun -N2 --ntasks-per-node=8 python train.py", "srun", "train.py", 16),
        ("srun --nodes 2 --ntasks-per-node 8 --exclusive python train.py", "srun", "train.py", 16),
        ("srun -n 16 python train.py", "srun", "train.py", 16),
        ("srun -N2-4 --ntasks-per-node=8 python train.py", "srun", "train.py", None),
        ("srun -N2 ./train.sh", "srun", "", None),
        ("srun -N2 torchrun --nnodes 2 --nproc_per_node 8 a.py", "torchrun", "a.py", 16),
        ("mpirun -np 16 -x PATH python train.py", "mpirun", "train.py", 16),
        ("./train.py --bf16", "script", "./train.py", None),
        ("nohup numactl -C 0-7 deepspeed --num_gpus 2 a.py > log 2>&1 &", "deepspeed", "a.py", 2),
        ("cd /x && source env/bin/activate; deepspeed --num_gpus 2 a.py | tee log", "deepspeed",
         "a.py", 2),
        ("conda run -n deepspeed python a.py", "python", "a.py", 1),
        ("srun -J torchrun -n 2 python a.py", "srun", "a.py", 2),
    ],
)  # fmt: skip
def test_launcher_script_and_world(
    line: str, launcher: str, script: str, world: int | None
) -> None:
    launch = parse_launch_line(line)
    assert (launch.launcher, launch.script, launch.world_size) == (launcher, script, world)
    assert (launch.world is None) is (world is None)


def test_a_deepspeed_line() -> None:
    """Several lines, comments and all; each value has the place of its option."""
    launch = parse_launch_line(
        "deepspeed --hostfile=hosts --include 'a@b:0,1' \\\n"
        "    --master_port 29501 train.py  \\\n"
        "    --deepspeed ds.json --per_device_train_batch_size 2 \\\n"
        "    --bf16 --learning_rate=1e-4 --flash   # a note\n"
    )
    assert launch.hostfile == launch.options["hostfile"]
    assert (launch.include, launch.exclude) == (launch.options["include"], None)
    assert paths(launch) == ["ds.json"]
    assert launch.trainer
    assert values(launch.options) == {
        "hostfile": "hosts",
        "include": "a@b:0,1",
        "master_port": 29501,
    }
    assert values(launch.arguments) == {
        "deepspeed": "ds.json",
        "per_device_train_batch_size": 2,
        "bf16": True,
        "learning_rate": 1e-4,
    }
    assert values(launch.other) == {"flash": True}
    assert launch.arguments["bf16"].place == Place("launch line", 4, 5)
    assert launch.options["include"].place == Place("launch line", 1, 28)


def test_deepspeeds_own_flag_is_no_path() -> None:
    launch = parse_launch_line("deepspeed train.py --deepspeed --deepspeed_config ds.json")
    assert paths(launch) == ["ds.json"]
    assert (values(launch.arguments), launch.trainer) == ({}, False)
    inline = parse_launch_line("""python train.py --deepspeed '{"bf16": {}}'""")
    assert (paths(inline), inline.trainer) == ([], True)


def test_an_accelerate_line() -> None:
    launch = parse_launch_line(
        "accelerate launch --config_file acc.yaml --use_deepspeed --zero_stage 3 "
        "--deepspeed_config_file ds.json --mixed_precision bf16 --gradient_clipping 1 "
        "--deepspeed_hostfile hosts --num_machines 2 --num_processes 16 train.py --bf16"
    )
    assert launch.accelerate_file is not None
    assert launch.accelerate_file.value == "acc.yaml"
    assert paths(launch) == ["ds.json"]
    assert launch.hostfile is not None
    assert launch.hostfile.value == "hosts"
    assert (launch.num_nodes, launch.world_size) == (2, 16)
    accelerate = values(launch.accelerate)
    assert accelerate["mixed_precision"] == "bf16"
    assert accelerate["deepspeed_config.zero_stage"] == 3
    assert accelerate["deepspeed_config.gradient_clipping"] == 1.0
    assert values(launch.arguments) == {"bf16": True}


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("llamafactory-cli train a/x.yaml", "a/x.yaml"),
        ("axolotl train x.yml --micro-batch-size 3", "x.yml"),
        ("accelerate launch -m axolotl.cli.train x.yaml --micro_batch_size=3", "x.yaml"),
        ("deepspeed train.py args.json", "args.json"),
        ("accelerate launch sft.py --config recipe.yaml", "recipe.yaml"),
        ("deepspeed train.py data.txt", None),
    ],
)
def test_the_file_of_arguments(line: str, file: str | None) -> None:
    launch = parse_launch_line(line)
    assert (launch.arguments_file.value if launch.arguments_file else None) == file
    if "3" in line:
        assert values(launch.arguments) == {"per_device_train_batch_size": 3}


def test_values_over_llamafactorys_file() -> None:
    launch = parse_launch_line(
        "llamafactory-cli train x.yaml learning_rate=1e-5 quantization_bit=4"
    )
    assert values(launch.arguments) == {"learning_rate": 1e-5}
    assert values(launch.model) == {"load_in_4bit": True}


@pytest.mark.parametrize(
    "line", ["", "   ", "# only this", "deepspeed 'train.py", 'deepspeed "a', "deepspeed a\\",
             "x" * 70_000, "&&"],
)  # fmt: skip
def test_lines_that_are_none(line: str) -> None:
    with pytest.raises(UsageError):
        parse_launch_line(line)


@pytest.mark.parametrize(
    "line",
    ["deepspeed", "deepspeed --num_gpus", "deepspeed --num_gpus x a.py", "deepspeed -- a.py",
     "torchrun --nnodes a:b:c a.py", "python", "python -m", "python -c 'x=1' a", "accelerate",
     "accelerate launch", "srun", "mpirun -np", "A=b", "axolotl", "axolotl train --", "a;b;c",
     "deepspeed --include @@::,, a.py", "torchrun --nproc_per_node=-1 a.py", "deepspeed - --",
     "python -uB a.py", "deepspeed --=3 --a= -=x a.py", "deepspeed a.py --=3 - -- --- -5 --x -1.5",
     "CUDA_VISIBLE_DEVICES=,,, deepspeed a.py", "deepspeed --num_gpus=99999999999999999999 a.py",
     "torchrun --nproc_per_node ²  a.py"],
)  # fmt: skip
def test_odd_lines_are_read_without_an_error(line: str) -> None:
    parse_launch_line(line)


@pytest.mark.parametrize(
    "line", ["deepspeed " + "'" * 65_000, "a=" * 30_000, "deepspeed a.py " + "-x " * 20_000,
             "deepspeed " + "--a b " * 10_000, "\\\n" * 32_000 + "x", "a;" * 30_000],
    ids=["quotes", "assignments", "flags", "options", "continued", "commands"],
)  # fmt: skip
def test_long_lines_take_no_time(line: str) -> None:
    started = time.monotonic()
    parse_launch_line(line)
    assert time.monotonic() - started < 5


def test_words_are_those_of_a_shell() -> None:
    """Random lines of quotes, backslashes and spaces, against ``shlex``."""
    pick = random.Random(3)  # noqa: S311
    signs = ["a", "b=", " ", "  ", "'", '"', "\\", "-", "--x", "é", "'a b'", '"c \\" d"', "\t"]
    compared = 0
    for _ in range(4000):
        line = "x " + "".join(pick.choice(signs) for _ in range(pick.randint(1, 12)))
        try:
            expected = shlex.split(line)
        except ValueError:
            with pytest.raises(UsageError):
                split_words(line)
        else:
            compared += 1
            assert [word.text for word in split_words(line)] == expected, line
    assert compared > 500


_DEEPSPEED_LINES = [
    "--num_gpus 8 --num_nodes 2 train.py --bf16",
    "--num_gp 8 -H hosts --master_po 123 train.py",
    "-i a:0@b --no_ssh --node_rank 1 --launcher SLURM train.py --num_gpus 3",
    "--exclude=a:0 --launcher_args='-x A' --module --save_pid -q my.train --x",
    "--hostfile hosts --bind_cores_to_rank --bind_core_list 0-3 --no_python ./run.sh -a",
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("line", _DEEPSPEED_LINES)
def test_as_deepspeeds_own_parser_reads_it(line: str) -> None:
    runner = pytest.importorskip("deepspeed.launcher.runner")
    theirs = vars(runner.parse_args(shlex.split(line)))
    launch = parse_launch_line("deepspeed " + line)
    assert launch.script == theirs["user_script"]
    for name, value in values(launch.options).items():
        assert theirs[name] == value, name
    given = {name for name, value in theirs.items() if value != _default(runner, name)}
    assert given - {"user_script", "user_args"} <= set(launch.options)


def _default(runner: Any, name: str) -> Any:
    return vars(runner.parse_args(["x"]))[name]


@pytest.mark.filterwarnings("ignore")
def test_deepspeeds_options_are_all_known(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = pytest.importorskip("deepspeed.launcher.runner")
    seen: list[Any] = []
    add = runner.argparse.ArgumentParser.add_argument

    def remember(self: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(add(self, *args, **kwargs))
        return seen[-1]

    monkeypatch.setattr(runner.argparse.ArgumentParser, "add_argument", remember)
    runner.parse_args(["x"])
    options = [action for action in seen if action.option_strings]
    long = {text[2:] for action in options for text in action.option_strings if text[:2] == "--"}
    assert long == DEEPSPEED.known
    assert {a.dest for a in options if a.nargs == 0} == DEEPSPEED.flags
    assert {a.dest for a in options if a.type is int} == DEEPSPEED.ints - {"num_accelerators"}


@pytest.mark.filterwarnings("ignore")
def test_torchruns_flags_are_all_known() -> None:
    run = pytest.importorskip("torch.distributed.run")
    actions = run.get_args_parser()._actions
    assert {a.dest for a in actions if a.nargs == 0} | {"use_env"} == TORCHRUN.flags
    ints = {a.dest for a in actions if a.type is int}
    assert ints == TORCHRUN.ints


_ACCELERATE_LINES = [
    "--config_file c.yaml --num_processes 8 --use_deepspeed --zero_stage 3 train.py --bf16",
    "--multi-gpu --num-machines=2 -q --mixed_precision bf16 --same_network -m my.mod --x 1",
    "--gradient_clipping 1.5 --deepspeed_config_file ds.json --main_process_port 0 a.py",
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("line", _ACCELERATE_LINES)
def test_as_accelerates_own_parser_reads_it(line: str) -> None:
    module = pytest.importorskip("accelerate.commands.launch")
    theirs = vars(module.launch_command_parser().parse_args(shlex.split(line)))
    launch = parse_launch_line("accelerate launch " + line)
    assert launch.script == theirs["training_script"]
    for name, value in values(launch.options).items():
        assert theirs[name] == value, name
    assert set(launch.options) == theirs["nondefault"] - {"training_script", "training_script_args"}
