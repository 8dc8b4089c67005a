"""Where the database's tables are, and where this version of the program needs them to be."""

from __future__ import annotations

from pathlib import Path

import flask_migrate
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from webapp.extensions import db

FOLDER = Path(__file__).resolve().parents[2] / "migrations"


def upgrade() -> None:
    """Brings the tables to this version. Already there, it changes nothing."""
    if present() == wanted():
        return
    flask_migrate.upgrade(directory=str(FOLDER))


def upgrade_over(connection: Connection) -> None:
    """The same for a database that is not in its place yet, in the caller's transaction."""
    if MigrationContext.configure(connection).get_current_revision() != wanted():
        config = Config()
        config.set_main_option("script_location", str(FOLDER))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def knows(revision: str) -> bool:
    """Whether this version of the program can bring that revision to its own."""
    return any(each.revision == revision for each in ScriptDirectory(str(FOLDER)).walk_revisions())


def present() -> str | None:
    """The revision the database is at; None when it has no tables yet."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def wanted() -> str | None:
    """The revision this version of the program was written for."""
    return ScriptDirectory(str(FOLDER)).get_current_head()
