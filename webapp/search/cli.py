"""`manage.py search …`."""

from __future__ import annotations

from flask import Flask
from flask.cli import AppGroup

group = AppGroup("search", help="The index of all words.")


def init_app(app: Flask) -> None:
    """Adds the commands."""
    app.cli.add_command(group)
