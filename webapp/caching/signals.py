"""What others may listen to."""

from __future__ import annotations

from blinker import signal

pages_changed = signal("caching.pages-changed")
"""Sent as a transaction that changed something strangers see is about to be committed, in the process that does it."""

CHANGED = "almanac.pages-changed"
"""Marks a connection whose transaction changes what pages show."""
