"""Runs a job under observation, and changes nothing about how it runs."""
