"""Probes of a machine: what would kill the job before it starts. One file each."""
