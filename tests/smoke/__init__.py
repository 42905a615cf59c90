"""Smoke runs on real processes."""
