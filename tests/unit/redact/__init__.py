"""Tests of dsdoctor.redact."""
