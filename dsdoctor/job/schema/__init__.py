"""What DeepSpeed knows, line by line of its versions; written by ``tools/ds_schema``."""

from dsdoctor.job.schema.coerce import coerce
from dsdoctor.job.schema.keys import Block, Built, Key, Optimizer, Scheduler
from dsdoctor.job.schema.load import LINES, Schema, knowing_lines, load_schema

__all__ = [
    "LINES",
    "Block",
    "Built",
    "Key",
    "Optimizer",
    "Scheduler",
    "Schema",
    "coerce",
    "knowing_lines",
    "load_schema",
]
