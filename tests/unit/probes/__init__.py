"""Probes, each with made-up machines."""
