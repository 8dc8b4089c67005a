"""What accounts tells the features above it."""

from __future__ import annotations

from blinker import signal

person_confirmed = signal("accounts.person_confirmed")
"""``send(person, now=now)`` inside the transaction in which a person has shown that their address is theirs."""
