"""Configurations as people write them: sound ones, and what becomes of them by mistake."""
