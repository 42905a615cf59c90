#!/bin/sh
# Slurm, for administrators: a batch job that fails gets the verdict next to its log.
#
# In slurm.conf:  Epilog=/etc/slurm/dsdoctor-epilog.sh   (this file, owned by root, mode 755)
#
# It runs as root on every node of every job that ends. Everything about files, their names
# included, belongs to the job's user, so all that touches them runs as that user: root opens,
# follows and writes nothing. It always ends with 0, since Slurm drains a node whose epilog fails.

PATH=/usr/sbin:/usr/bin:/sbin:/bin # Slurm sets none
DSDOCTOR=${DSDOCTOR:-/usr/local/bin/dsdoctor}
SECONDS_AT_MOST=60

case ${SLURM_JOB_EXIT_CODE2:-0:0} in 0:0) exit 0 ;; esac
case ${SLURM_JOB_UID:-0} in 0 | *[!0-9]*) exit 0 ;; esac # nothing of root's is touched here
[ -x "$DSDOCTOR" ] || exit 0
user=$(id -nu "$SLURM_JOB_UID" 2>/dev/null) || exit 0

# Only jobs that failed ask the controller: for the name of the log, and which node came first.
# Asked for a job array's first number, it shows every task of the array.
job=$(timeout 20 scontrol show job "$SLURM_JOB_ID" 2>/dev/null |
  sed -n "/^JobId=$SLURM_JOB_ID /,/^\$/p") || exit 0
field() { printf '%s\n' "$job" | sed -n "s|^ *$1=||p" | head -n 1; }
[ "$(field BatchHost)" = "${SLURMD_NODENAME:-}" ] || exit 0
log=$(field StdOut)
case $log in /*) ;; *) exit 0 ;; esac

# --init-groups: the user's own groups, not those of root. The report is created, never replaced,
# and not through a link; what the user's processes print reaches nobody.
cd / || exit 0
timeout --kill-after=5 "$SECONDS_AT_MOST" \
  setpriv --reuid="$SLURM_JOB_UID" --regid="$(id -g "$user")" --init-groups --no-new-privs \
  env -i PATH=/usr/bin:/bin HOME=/nonexistent LC_ALL=C.UTF-8 \
  "$DSDOCTOR" explain --fail-on never --output-file "$log.dsdoctor.txt" -- "$log" \
  </dev/null >/dev/null 2>&1
exit 0
