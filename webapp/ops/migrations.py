"""Where the database's tables are, and where this version of the program needs them to be.

Alembic is a large library that serves a few commands. It is loaded by whoever asks, so no worker carries it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy import Connection

from webapp.extensions import db

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

FOLDER = Path(__file__).resolve().parents[2] / "migrations"


class Unreadable(Exception):
    """The folder of migrations is not whole. The message says what is wrong with it."""


def offer(app: Flask) -> None:
    """Gives an application what `manage.py db` works with."""
    from flask_migrate import Migrate

    Migrate(app, db, directory=str(FOLDER), compare_type=True, render_as_batch=True)


def upgrade() -> None:
    """Brings the tables to this version. Already there, it changes nothing."""
    if present() == wanted():
        return
    from alembic import command

    command.upgrade(_config(), "head")


def upgrade_over(connection: Connection) -> None:
    """The same for a database that is not in its place yet, in the caller's transaction."""
    if _revision(connection) == wanted():
        return
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def knows(revision: str) -> bool:
    """Whether this version of the program can bring that revision to its own."""
    return any(each.revision == revision for each in _scripts().walk_revisions())


def present() -> str | None:
    """The revision the database is at; None when it has no tables yet."""
    with db.engine.connect() as connection:
        return _revision(connection)


def wanted() -> str | None:
    """The revision this version of the program was written for. Raises :class:`Unreadable`."""
    from alembic.util import CommandError

    try:
        return _scripts().get_current_head()
    except CommandError as error:
        raise Unreadable(str(error)) from None


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


def _scripts() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(FOLDER))


def _revision(connection: Connection) -> str | None:
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()
