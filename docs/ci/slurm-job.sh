#!/bin/bash
#SBATCH --job-name=train
#SBATCH --output=%x-%j.log
#SBATCH --signal=B:TERM@120
# Slurm, for everybody: a batch script that leaves the verdict next to its log when it fails.
# --signal tells this shell two minutes before the time limit, while there is time to read.

explain() {
  code=$?
  trap - EXIT
  trap '' TERM # Slurm sends it again at the limit
  if [ "$code" -ne 0 ]; then
    log=$(readlink /proc/$$/fd/1) # the file that --output became
    dsdoctor explain --fail-on never --overwrite --output-file "$log.dsdoctor.txt" -- "$log"
  fi
  exit "$code"
}
trap explain EXIT
# wait, unlike a command in the foreground, ends at once when a signal comes
trap 'kill -TERM "$job" 2>/dev/null; wait "$job"; exit 143' TERM

srun deepspeed train.py --deepspeed_config ds_config.json &
job=$!
wait "$job"
