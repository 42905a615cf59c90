"""Tests against real DeepSpeed runs made on the spot."""
