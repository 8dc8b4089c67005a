"""Where the database's tables are, and where this version of the program needs them to be."""

from __future__ import annotations

from pathlib import Path

import flask_migrate
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from webapp.extensions import db

FOLDER = Path(__file__).resolve().parents[2] / "migrations"


def upgrade() -> None:
    """Brings the tables to this version. Already there, it changes nothing."""
    if present() == wanted():
        return
    flask_migrate.upgrade(directory=str(FOLDER))


def present() -> str | None:
    """The revision the database is at; None when it has no tables yet."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def wanted() -> str | None:
    """The revision this version of the program was written for."""
    return ScriptDirectory(str(FOLDER)).get_current_head()
