"""Asks other hosts, through the launchers that are there already: pdsh, srun, mpirun."""
