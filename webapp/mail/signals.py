"""What the ledger tells the features above it."""

from __future__ import annotations

from blinker import signal

expired = signal("mail.expired")
"""``send(None, mails=[(dedupe_key, due_at), …], now=now)`` inside the transaction that lets mails expire unsent."""
