"""Signed links: each serves one purpose, expires, and is checked against the database by whoever reads it."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer


def sign(purpose: str, payload: Any) -> str:
    """A token for an address. ``payload`` is anything JSON can hold; it is signed, not hidden."""
    return _serializer(purpose).dumps(payload)


def read(purpose: str, token: str, *, max_age: timedelta | None) -> Any | None:
    """The payload, or None when the token is forged, made for something else or older than ``max_age``."""
    try:
        return _serializer(purpose).loads(token, max_age=None if max_age is None else int(max_age.total_seconds()))
    except BadData:
        return None


def fingerprint(*state: object) -> str:
    """A short digest of the state that a token depends on: when the state changes, the token is used up."""
    return hashlib.sha256("\x1f".join(map(str, state)).encode()).hexdigest()[:16]


def opaque() -> str:
    """A fresh secret of 256 bits, for a bearer token or a session."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """How an opaque secret is kept: only its SHA-256. It has too much entropy to need a slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _serializer(purpose: str) -> URLSafeTimedSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]]
    return URLSafeTimedSerializer(keys, salt=f"almanac/{purpose}")
