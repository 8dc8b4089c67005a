"""The index that the database itself keeps: written by triggers, in the transaction that changes a post.

So it is right after a crash, a bulk import and a statement typed by hand. What is here stands nowhere else: the tables
of the tests are made with it, and revisions of `migrations/` call :func:`install` and :func:`remove`. All of it can be
worked out anew from the posts. A later change of it is a revision that removes and installs again.

A migration on SQLite that makes `posts`, `post_tags`, `co_authors`, `tags` or `people` anew loses the triggers on
that table;
:func:`mend`, called after every upgrade, puts them back.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, MetaData, event, text

from webapp.core.db import Model, is_sqlite
from webapp.search import models as _models  # noqa: F401  # the triggers write into its table
from webapp.search.schema import postgresql, sqlite

INDEX = "search_index"
"""The table of the index. On SQLite it has others, whose names begin with its own; PostgreSQL one."""
AT_ONCE = 1_000
"""Posts that are indexed in a second or two."""


def install(connection: Connection) -> None:
    """Makes tables and triggers. What was published before is not in the index yet."""
    for statement in (*_of(connection).TABLES, *_of(connection).TRIGGERS):
        connection.exec_driver_sql(statement)


def take_in(connection: Connection) -> bool:
    """Takes in what was published before, where that holds nobody up, and says whether it did.

    Where there is more, an upgrade would keep everyone from writing for a minute or two: the doctor asks for
    `search reindex` then, which makes room for others after every few posts.
    """
    count = connection.scalar(text("SELECT count(*) FROM posts WHERE state = 'published'")) or 0
    if count > AT_ONCE:
        return False
    connection.exec_driver_sql(_of(connection).FILL)
    return True


def mend(connection: Connection) -> None:
    """Makes those triggers that are missing, where there is an index at all."""
    if is_installed(connection):
        for statement in _of(connection).TRIGGERS:
            connection.exec_driver_sql(statement)


def remove(connection: Connection) -> None:
    for statement in _of(connection).REMOVE:
        connection.exec_driver_sql(statement)


def is_installed(connection: Connection) -> bool:
    return bool(connection.scalar(text(_of(connection).IS_INSTALLED)))


def missing_triggers(connection: Connection) -> set[str]:
    """Those that should be there and are not, by name."""
    return set(_of(connection).NAMES) - set(connection.scalars(text(_of(connection).PRESENT)))


def _of(connection: Connection) -> Any:
    return sqlite if is_sqlite(connection) else postgresql


@event.listens_for(Model.metadata, "after_create")
def _with_the_tables(_tables: MetaData, connection: Connection, **_: Any) -> None:
    install(connection)


@event.listens_for(Model.metadata, "before_drop")
def _before_the_tables(_tables: MetaData, connection: Connection, **_: Any) -> None:
    remove(connection)
