"""The pieces for CI systems and schedulers."""
