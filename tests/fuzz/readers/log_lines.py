"""Writes logs out of decisions: launchers' prefixes before lines that rules know, bent a little."""

from __future__ import annotations

from tests.fuzz.choices import Choices
from tests.fuzz.words import sample_lines

MAX_LINES = 5
PREFIXES = (
    "", "", "", "[rank%d]: ", "[default%d]:", "%d: ", "node-%d: ", "worker-%d  | ", "[%d] ",
    "[2026-01-31 10:00:%02d,123] [INFO] [engine.py:12:step] [Rank 0] ", "10.0.0.%d: ",
    "[rank%d]:[E131 10:00:00.123456 ProcessGroupNCCL.cpp:616] [Rank 1] ", "\x1b[31m%d\x1b[0m ",
    "node7:4312:%d [3] NCCL INFO ", "(RayWorker pid=%d, ip=10.0.0.2) ", "[1,%d]<stderr>: ",
    "2026-01-31T10:00:%02dZ ", "E0131 10:00:%02d.000000 4312 logger.cpp:12] ", "[  12.%06d] ",
    "Jan 31 10:00:%02d node-1 kernel: ",
)  # fmt: skip
OWN = (
    "Traceback (most recent call last):",
    '  File "/home/a/train.py", line 84, in main',
    "    engine.backward(loss)",
    "    ~~~~~~~^^^^^^",
    "RuntimeError: boom",
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.94 GiB.",
    "During handling of the above exception, another exception occurred:",
    "╭─────── Traceback (most recent call last) ───────╮",
    "│ /home/a/train.py:84 in main │",
    "│ ❱ 84 engine.backward(loss) │",
    "Original Traceback (most recent call last):",
    "step 12/100 loss=1.5",
    " 10%|█         | 10/100 [00:10<01:30,  1.00it/s]\r 11%|█         | 11/100 [00:11<01:30]",
    "Process 4312 exits successfully.",
    "Killing subprocess 4312",
    "process 4312 spawned with command: ['python', 'train.py', '--local_rank=0']",
    "[2026-01-31 10:00:00,123] [INFO] exits with return code = -9",
    "dist_world_size=4",
    "train_runtime: 12.5",
    "loss nan",
    "",
)


def written(choices: Choices) -> bytes:
    """A log of some lines."""
    lines = []
    while choices and len(lines) < MAX_LINES:
        lines.append(_line(choices))
    return b"\n".join(lines)


def _line(choices: Choices) -> bytes:
    prefix = choices.pick(PREFIXES)
    if "%" in prefix:
        prefix %= choices.number(60)
    source = OWN if choices.number(2) else sample_lines()
    line = (prefix + choices.pick(source)).encode()
    return bent(line, choices)


def bent(line: bytes, choices: Choices) -> bytes:
    """The line whole, cut, doubled, or with bytes of the fuzzer's own in it."""
    how = choices.number(12)
    at = choices.number(len(line) + 1) if how < 4 else 0
    if how == 0:
        return line[:at]
    if how == 1:
        return line[at:]
    if how == 2:
        return line[:at] + choices.take(choices.number(16)) + line[at:]
    if how == 3:
        return line[:at] + line[at:] * (1 + choices.number(4))
    return line
