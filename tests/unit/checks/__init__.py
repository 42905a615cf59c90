"""Tests of the config checks' own machinery."""
