"""Tests: unit, rules, captured cases, command line."""
