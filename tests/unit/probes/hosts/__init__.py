"""Tests of preflight on many hosts."""
