"""Reads the line that starts a job: its launcher, how many ranks, and the script's arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dsdoctor.job.accelerate_config import DEEPSPEED_KEYS
from dsdoctor.job.frameworks import READERS, framework_of
from dsdoctor.job.job_file import JobFile, is_path
from dsdoctor.job.launchers.commands import FRAMEWORKS, Command, find_command
from dsdoctor.job.launchers.ranks import Ranks, ranks_of
from dsdoctor.job.launchers.script import ScriptArguments, read_script_arguments
from dsdoctor.job.launchers.words import Word, split_words
from dsdoctor.job.place import Place, Setting

_CONFIG_OPTIONS = ("deepspeed_config", "deepscale_config")
_OVERRIDE = re.compile(r"([A-Za-z_]\w*)=(.*)\Z", re.DOTALL)
_FILES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Launch:
    """One launch line. Every setting's file is "launch line"; its column is that of the word.

    ``launcher`` is deepspeed, torchrun, accelerate, llamafactory, axolotl, python, srun, mpirun
    or, for a script started by itself, "script". ``num_gpus`` counts those of one node.
    ``configs`` are the DeepSpeed configurations that the line names, ``arguments_file`` is
    a file of training arguments, ``accelerate_file`` is Accelerate's own. ``arguments`` and
    ``model`` are as in ``JobFile``; ``accelerate`` has the dotted names of Accelerate's file, over
    which it wins. ``options`` are all of the launcher's options, ``other`` those of the script that
    are no TrainingArguments. ``trainer`` says that only the Hugging Face Trainer is started so.
    """

    launcher: str
    place: Place
    script: str = ""
    num_nodes: int | None = None
    num_gpus: int | None = None
    world_size: int | None = None
    hostfile: Setting | None = None
    include: Setting | None = None
    exclude: Setting | None = None
    configs: tuple[Setting, ...] = ()
    arguments_file: Setting | None = None
    accelerate_file: Setting | None = None
    arguments: Mapping[str, Setting] = field(default_factory=dict)
    model: Mapping[str, Setting] = field(default_factory=dict)
    accelerate: Mapping[str, Setting] = field(default_factory=dict)
    environment: Mapping[str, Setting] = field(default_factory=dict)
    options: Mapping[str, Setting] = field(default_factory=dict)
    other: Mapping[str, Setting] = field(default_factory=dict)
    trainer: bool = False

    @property
    def world(self) -> Setting | None:
        """The world size with the launcher's place."""
        if self.world_size is None:
            return None
        return Setting(self.launcher, self.world_size, self.place)


def parse_launch_line(line: str) -> Launch:
    """Read a launch line such as ``deepspeed --num_gpus 8 train.py --deepspeed ds.json``.

    Raises:
        UsageError: it is empty or too long, or a quote is never closed.
    """
    command = find_command(split_words(line))
    rest, launcher_words = _parted(command)
    given = read_script_arguments(rest)
    arguments = _arguments(command, given)
    bare = {n: s for n, s in arguments.arguments.items() if n == "deepspeed" and s.value is True}
    accelerate = _accelerate(command)
    ranks: Ranks = ranks_of(command, given.named, launcher_words)
    return Launch(
        launcher=_started_by(command),
        place=command.place,
        script=command.script.text if command.script else "",
        num_nodes=ranks.nodes,
        num_gpus=ranks.each,
        world_size=ranks.world,
        hostfile=_either(command, "hostfile", "deepspeed_hostfile"),
        include=_either(command, "include", "deepspeed_inclusion_filter"),
        exclude=_either(command, "exclude", "deepspeed_exclusion_filter"),
        configs=_configs(arguments, given, accelerate),
        arguments_file=_arguments_file(given),
        accelerate_file=command.options.get("config_file"),
        arguments={n: s for n, s in arguments.arguments.items() if n not in bare},
        model=arguments.model,
        accelerate=accelerate,
        environment=command.environment,
        options=command.options,
        other={**arguments.other, **bare},
        trainer=arguments.framework != "trainer" or arguments.config is not None,
    )


def _parted(command: Command) -> tuple[Sequence[Word], Sequence[Word]]:
    """``axolotl train x.yaml -- ...`` has the launcher's options behind the two dashes."""
    texts = [word.text for word in command.rest]
    if command.launcher != "axolotl" or "--" not in texts:
        return command.rest, ()
    at = texts.index("--")
    return command.rest[:at], command.rest[at + 1 :]


def _started_by(command: Command) -> str:
    """srun and mpirun start the ranks themselves where plain python stands behind them."""
    return (
        command.spreader
        if command.launcher == "python" and command.spreader
        else (command.launcher)
    )


def _arguments(command: Command, given: ScriptArguments) -> JobFile:
    """The script's named arguments, sorted by whom they are for."""
    named = {**given.named, **_overrides(command, given)}
    return READERS[_framework(command, named)](named)


def _framework(command: Command, named: Mapping[str, Setting]) -> str:
    script = command.script.text if command.script else ""
    for framework in FRAMEWORKS:
        if command.launcher == framework or framework in script.lower().replace("-", ""):
            return framework
    return framework_of(named)


def _overrides(command: Command, given: ScriptArguments) -> dict[str, Setting]:
    """``llamafactory-cli train x.yaml learning_rate=1e-5``: values over the file's."""
    if command.launcher != "llamafactory":
        return {}
    matches = [(word, _OVERRIDE.match(word.text)) for word in given.positional]
    return {m[1]: Setting(m[1], m[2], word.place) for word, m in matches if m}


def _accelerate(command: Command) -> dict[str, Setting]:
    """Options of accelerate launch under the names that they have in its file."""
    if command.launcher != "accelerate":
        return {}
    return {
        f"deepspeed_config.{name}" if name in DEEPSPEED_KEYS else name: setting
        for name, setting in command.options.items()
    }


def _either(command: Command, own: str, accelerates: str) -> Setting | None:
    """The option under the launcher's own name for it, with the text that it needs."""
    setting = command.options.get(accelerates if command.launcher == "accelerate" else own)
    return setting if setting and isinstance(setting.value, str) else None


def _configs(
    arguments: JobFile, given: ScriptArguments, accelerate: Mapping[str, Setting]
) -> tuple[Setting, ...]:
    """All DeepSpeed configurations that the line names."""
    named = [
        arguments.config,
        *(given.named.get(name) for name in _CONFIG_OPTIONS),
        accelerate.get("deepspeed_config.deepspeed_config_file"),
    ]
    return tuple(setting for setting in named if setting and is_path(setting.value))


def _arguments_file(given: ScriptArguments) -> Setting | None:
    """A file of training arguments: the first word of its own, or TRL's ``--config``."""
    first = given.positional[0] if given.positional else None
    if first and first.text.endswith(_FILES):
        return Setting("arguments file", first.text, first.place)
    named = given.named.get("config")
    if named and isinstance(named.value, str) and named.value.endswith(_FILES):
        return named
    return None
