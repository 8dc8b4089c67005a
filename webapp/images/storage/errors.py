"""What goes wrong with files."""

from __future__ import annotations


class Missing(Exception):
    """There is no such file."""


class Unavailable(Exception):
    """The place did not answer, is full, or refused. The message is one line for the log."""
