"""Measurements: accuracy on labelled logs, speed and memory against named peers."""
