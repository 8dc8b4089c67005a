"""Proof of work for visitors, by ALTCHA: their browser calculates for a second, unseen and without a puzzle.

The challenge is signed and needs no row; a proof is good for one comment, because the comment keeps its key.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import altcha

from webapp.comments import queries
from webapp.core import site, tokens

ALGORITHM = "PBKDF2/SHA-256"
ROUNDS = 5_000
"""Of the key derivation. A browser needs some 256 derivations, the server one to look."""
WITHIN = timedelta(hours=2)
LONGEST = 4_000


def challenge(now: datetime) -> dict[str, Any]:
    """A new task, as the browser's worker takes it."""
    made = altcha.create_challenge(ALGORITHM, ROUNDS, expires_at=now + WITHIN, hmac_secret=_secret())
    return made.to_dict()


def key_of(payload: str) -> str | None:
    """The name of a solved task; None when it is not solved, not ours, too old, or used already."""
    if not payload or len(payload) > LONGEST or not payload.isascii():
        return None
    if not altcha.verify_solution(payload, _secret()).verified:
        return None
    key = tokens.digest(altcha.Payload.from_base64(payload).challenge.signature or "")
    return None if queries.is_proof_used(key) else key


def _secret() -> bytes:
    return hashlib.sha256(f"almanac/altcha/{site.config().secret_key}".encode()).digest()
