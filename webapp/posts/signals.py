"""What posts tells the features above it."""

from __future__ import annotations

from blinker import signal

post_hidden = signal("posts.post_hidden")
"""``send(post, now=now)`` inside the transaction in which a post that everyone could read is hidden."""
