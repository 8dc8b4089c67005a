"""Who is here."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Tells Flask-Login and Flask-Principal who is here."""
