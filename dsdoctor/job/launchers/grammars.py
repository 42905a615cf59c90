"""Which options each launcher has: deepspeed 0.19.8, torch 2.13, accelerate 1.15."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dsdoctor.job.names import names


@dataclass(frozen=True, slots=True)
class Grammar:
    """The options of one launcher, by name without dashes, ``-`` read as ``_``.

    ``flags`` take no value, all others take one. ``short`` maps
    one-letter options to names. ``known`` lists all names where the launcher accepts a name cut
    short, as argparse does. No option follows one of ``last``.
    """

    flags: frozenset[str] = frozenset()
    short: Mapping[str, str] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    ints: frozenset[str] = frozenset()
    floats: frozenset[str] = frozenset()
    last: frozenset[str] = frozenset()


_DEEPSPEED_FLAGS = names(
    """
        help module no_python no_local_rank no_ssh no_ssh_check force_multi save_pid
        bind_cores_to_rank quiet
    """
)

DEEPSPEED = Grammar(
    flags=_DEEPSPEED_FLAGS,
    short={"H": "hostfile", "i": "include", "e": "exclude", "q": "quiet", "h": "help"},
    known=_DEEPSPEED_FLAGS
    | names(
        """
            hostfile include exclude num_nodes num_gpus num_accelerators master_port master_addr
            node_rank launcher launcher_args enable_each_rank_log autotuning bind_core_list ssh_port
            venv_script log_level
        """
    ),
    ints=names("num_nodes num_gpus num_accelerators master_port node_rank ssh_port"),
)

TORCHRUN = Grammar(
    flags=names("help standalone module no_python run_path virtual_local_rank use_env"),
    short={"h": "help", "m": "module", "r": "redirects", "t": "tee"},
    ints=names("max_restarts node_rank master_port shutdown_timeout"),
    floats=frozenset({"monitor_interval"}),
)

ACCELERATE = Grammar(
    flags=names(
        """
            help quiet cpu multi_gpu tpu enable_cpu_affinity dynamo_use_fullgraph dynamo_use_dynamic
            dynamo_use_regional_compilation use_deepspeed use_fsdp use_parallelism_config
            use_megatron_lm same_network module no_python tpu_cluster no_tpu_cluster tpu_use_sudo
            downcast_bf16 fp8_use_autocast_during_eval debug
        """
    ),
    short={"h": "help", "q": "quiet", "m": "module", "t": "tee"},
    ints=names(
        """
            num_processes num_machines num_cpu_threads_per_process machine_rank main_process_port
            max_restarts zero_stage gradient_accumulation_steps
        """
    ),
    floats=frozenset({"gradient_clipping", "monitor_interval"}),
)

PYTHON = Grammar(
    flags=names("b B d E h i I O OO P q R s S u v V x"),
    short={"m": "module", "c": "command", "W": "warnings", "X": "implementation"},
    last=frozenset({"module", "command"}),
)
"""Python's options are all short; they are listed under their letters."""

SRUN = Grammar(
    short={"N": "nodes", "n": "ntasks", "G": "gpus", "w": "nodelist", "c": "cpus_per_task"},
    ints=names("ntasks ntasks_per_node"),
)

MPIRUN = Grammar(
    short={"n": "np", "c": "np", "N": "npernode", "H": "host"},
    ints=names("np n ppn npernode"),
)

TRAIN_MODULES: Mapping[str, str] = {
    "torch.distributed.run": "torchrun",
    "torch.distributed.launch": "torchrun",
    "deepspeed.launcher.runner": "deepspeed",
    "accelerate.commands.launch": "accelerate",
    "accelerate.commands.accelerate_cli": "accelerate",
    "llamafactory.cli": "llamafactory",
    "axolotl.cli.main": "axolotl",
}
"""``python -m`` these is another launcher."""
