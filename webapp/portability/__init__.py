"""Bringing in what was written elsewhere, and taking everything out again."""
