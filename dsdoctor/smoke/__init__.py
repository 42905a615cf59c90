"""A small real ZeRO job: planned here, run as child processes by the job's own Python."""
