"""Checks of a job's configuration: small functions from ``JobSpec`` to problems."""
