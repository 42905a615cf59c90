"""What to collect next time. Said only where the verdict is open."""

from __future__ import annotations

from dsdoctor.model import Confidence, Finding, Status

NETWORK = (
    "TORCH_FR_BUFFER_SIZE=2000 TORCH_NCCL_DUMP_ON_TIMEOUT=1 (torch before 2.9: "
    "TORCH_NCCL_TRACE_BUFFER_SIZE=2000), and keep the dumps of all ranks",
    "NCCL_DEBUG=WARN in the environment of every rank",
    "py-spy dump --pid PID of every rank while it hangs",
)
SILENT = (
    "PYTHONFAULTHANDLER=1, so that a crash in native code leaves a stack",
    "deepspeed --enable_each_rank_log logs train.py ..., one log for each rank",
    "dmesg -T and the scheduler's own record of the job (sacct -j JOBID)",
)
NAMELESS = (
    "deepspeed --enable_each_rank_log logs train.py ..., one log for each rank"
    " (torchrun --log-dir logs --redirects 3 ...)",
    "dmesg -T > dmesg.txt on the node, kept beside the log: the kernel names the process that it"
    " killed, the launcher's lines tell its rank (so no --quiet)",
    "PYTHONFAULTHANDLER=1, so that a crash in native code leaves a stack",
)
SUMMARY = (
    "the whole log from the start, of all ranks and hosts",
    "@record from torch.distributed.elastic.multiprocessing.errors on main(), under torchrun",
)


def collect_next(
    status: Status, root: Finding | None, *, nameless: bool = False
) -> tuple[str, ...]:
    """Commands and variables that would have closed the verdict.

    Args:
        status: of the verdict.
        root: its root cause.
        nameless: it happened on one rank, and the logs do not tell on which.
    """
    if nameless:
        return NAMELESS
    if root is None or root.confidence is Confidence.CERTAIN:
        return ()
    if root.code.startswith("DSN"):
        return NETWORK
    if status is Status.UNRECOGNISED:
        return SUMMARY + SILENT[:2]
    return SILENT
