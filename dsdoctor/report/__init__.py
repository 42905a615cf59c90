"""Renderers: one file each, from ``Report`` to text. Nothing here judges."""
