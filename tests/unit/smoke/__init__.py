"""Unit tests of the smoke job: nothing is trained."""
