"""All checks of the configuration, the fixes, and what is shown of them."""

from __future__ import annotations

from dsdoctor.checks.lint import lint
from dsdoctor.checks.repair import repair
from dsdoctor.job.assemble import Sources, assemble
from dsdoctor.job.syntax.parser import parse
from dsdoctor.job.syntax.read import decode
from tests.fuzz.choices import Choices
from tests.fuzz.readers.common import pack
from tests.fuzz.readers.config import NAME, words
from tests.fuzz.readers.config import seeds as config_seeds
from tests.fuzz.readers.config_text import written
from tests.fuzz.readers.explain import show
from tests.fuzz.target import Target

LAUNCHES = (
    "", "", "deepspeed --num_gpus 8 train.py --deepspeed ds.json",
    "torchrun --nproc_per_node 4 a.py --bf16",
    "accelerate launch --use_deepspeed --zero_stage 3 --num_processes 2 a.py",
    "deepspeed train.py --per_device_train_batch_size 4 --learning_rate 1e-4 --fp16",
)  # fmt: skip
FULLY_TRIED = 4096
"""Of longer files not every change is tried, so a second repair may go on."""
VERSIONS = ("0.19.8", "0.19.8", "0.14.5", "0.16.0")


def run(data: bytes) -> None:
    """Find, show, fix; fixing twice changes nothing."""
    choices = Choices(data)
    raw = choices.number(2) == 0
    sources = Sources(
        world_size=choices.pick((None, 1, 2, 3, 8, 512)),
        trainer=choices.number(3) == 1,
        launch=choices.pick(LAUNCHES),
        deepspeed=choices.pick(VERSIONS),
        gpu=choices.pick((None, (7, 0), (9, 0))),
    )
    unsafe = choices.number(2) == 1
    text = decode(choices.rest(), NAME) if raw else written(choices)
    spec = assemble(parse(text, NAME), sources)
    show(lint([spec], pack()), data)
    once = repair(spec, pack(), unsafe=unsafe)
    if once.applied and len(text) < FULLY_TRIED:
        twice = repair(once.spec, pack(), unsafe=unsafe)
        assert twice.text == once.text, "fixed twice is not fixed once"
        assert not twice.applied


def seeds() -> list[bytes]:
    """The configurations, for jobs of several kinds."""
    heads = (bytes((0, n % 6, n % 3, n % 6, n % 4, n % 3, n % 2)) for n in range(10_000))
    return [head + data[6:] for head, data in zip(heads, config_seeds(), strict=False)]


TARGET = Target("lint", run, seeds, words, 512, seconds=3.0)  # lint, all formats, two repairs
