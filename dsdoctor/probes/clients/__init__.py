"""The outside world behind small Protocols. Only here are drivers and tools touched."""
