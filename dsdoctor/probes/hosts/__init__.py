"""Preflight on many hosts: what they send, how they differ, who is silent."""
