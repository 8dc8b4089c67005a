"""What every template can use."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Binds it."""


def chosen_locale() -> str:
    return "en"


def chosen_zone() -> str | None:
    return None
