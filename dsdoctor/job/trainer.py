"""Scripts around the Hugging Face Trainer, and TRL's: TrainingArguments and a few model settings.

The model's names are those of TRL's ModelConfig (``torch_dtype``, ``load_in_4bit``) and of the
scripts that follow it.
"""

from __future__ import annotations

from dsdoctor.job.job_file import DTYPES, Given, JobFile, ds_config, left_over, renamed
from dsdoctor.job.place import Setting
from dsdoctor.job.training_args import under_todays_names
from dsdoctor.job.training_fields import kind_of

_MODEL = {
    "model_name_or_path": "name",
    "load_in_8bit": "load_in_8bit",
    "load_in_4bit": "load_in_4bit",
    "max_seq_length": "sequence_length",
    "max_length": "sequence_length",
}


def from_trainer(given: Given) -> JobFile:
    """The settings of a file or command line of a Trainer script."""
    arguments = under_todays_names(
        setting for name, setting in given.items() if kind_of(name) is not None
    )
    model = renamed(given, _MODEL)
    for name in ("torch_dtype", "dtype"):
        if (setting := given.get(name)) and str(setting.value).removeprefix("torch.") in DTYPES:
            dtype = DTYPES[str(setting.value).removeprefix("torch.")]
            model["dtype"] = Setting(setting.name, dtype, setting.place)
    other = left_over(given, arguments, model)
    return JobFile("trainer", arguments, model, ds_config(arguments), other)
