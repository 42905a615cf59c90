"""Launch lines."""

from __future__ import annotations

from collections.abc import Iterator

from dsdoctor.job.launch_line import parse_launch_line
from tests.fuzz.choices import Choices
from tests.fuzz.target import Target
from tests.fuzz.words import rules

WORDS = (
    "deepspeed", "torchrun", "accelerate", "launch", "python", "-m", "srun", "mpirun",
    "llamafactory-cli", "train", "axolotl", "--", "--num_gpus", "--num_gpus=8", "8", "--include",
    "worker-0:0,1@worker-1", "--hostfile", "hosts", "--nproc_per_node", "auto", "--nnodes", "1:4",
    "-n", "--ntasks-per-node=4", "train.py", "--deepspeed", "ds.json", "--deepspeed_config",
    "--bf16", "--learning_rate", "1e-4", "WORLD_SIZE=8", "CUDA_VISIBLE_DEVICES=0,1", "&&", "|",
    ";", "\\\n", "'", '"', "a=b", "--config", "x.yaml", "--zero_stage", "3", "--no_local_rank",
    "-N", "2", "$(nproc)", "#", "9" * 50, "--num_processes", "-np", "--use_deepspeed",
    "--local_rank", "torch.distributed.run",
)  # fmt: skip


def run(data: bytes) -> None:
    """Read the line as it is, or one of its words."""
    choices = Choices(data)
    if choices.number(2) == 0:
        line = choices.rest().decode("utf-8", "surrogateescape")
    else:
        line = ""
        while choices:
            line += choices.pick(WORDS) + choices.pick((" ", " ", " ", "=", ""))
    found = parse_launch_line(line)
    assert found.world is None or found.world_size is not None


def seeds() -> Iterator[bytes]:
    """The lines of the rules' samples."""
    for rule in rules():
        for sample in (*rule.lint.fires, *rule.lint.silent) if rule.lint else ():
            if sample.launch:
                yield b"\0" + sample.launch.encode()


TARGET = Target("launch-line", run, seeds, lambda: WORDS, 128)
