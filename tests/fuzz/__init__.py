"""Fuzzing: whatever bytes a reader gets, it ends soon, in little memory, with one clear error."""
