"""Sees every write to a table that pages show, and renews the stamp in the same commit.

It looks at what goes to the database, not at objects, so that bulk statements and imports are seen as well. The stamp
is written at the very end of a transaction: writers wait for each other at that row no longer than a commit takes.
"""

from __future__ import annotations

import re
import secrets
from functools import cache
from typing import Any

from sqlalchemy import Engine, event, insert, inspect, update
from sqlalchemy.engine import Connection

from webapp.caching.models import THE_ONLY, PageStamp
from webapp.caching.signals import CHANGED, pages_changed
from webapp.core.db import IS_SHOWN, Model

READS = ("SELECT", "PRAGMA", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
WRITES = re.compile(
    r"\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|REPLACE\s+INTO|UPDATE(?:\s+OR\s+\w+)?|DELETE\s+FROM)"
    r"\s+(?:ONLY\s+)?(?:[\"`]?\w+[\"`]?\.)?[\"`]?(\w+)",
    re.IGNORECASE,
)
"""Every table that a statement writes to, wherever in it: after a comment, after WITH, with its schema."""


def connect() -> None:
    """Connects the listeners. Calling it again changes nothing."""
    for moment, listener in (("after_cursor_execute", _executed), ("commit", _renew), ("rollback", _forget)):
        if not event.contains(Engine, moment, listener):
            event.listen(Engine, moment, listener)


def _executed(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
    if statement.startswith(READS):
        return
    if any(_is_shown(table.lower()) for table in WRITES.findall(statement)):
        connection.info[CHANGED] = True


@cache
def _is_shown(table: str) -> bool:
    known = Model.metadata.tables.get(table)
    return known is not None and bool(known.info.get(IS_SHOWN))


def _renew(connection: Connection) -> None:
    if not connection.info.pop(CHANGED, False) or not inspect(connection).has_table(PageStamp.__tablename__):
        return  # tables of an older version have no stamp yet, and nobody is shown pages of them
    stamp = secrets.token_hex(8)
    if not connection.execute(update(PageStamp).where(PageStamp.id == THE_ONLY).values(stamp=stamp)).rowcount:
        connection.execute(insert(PageStamp).values(id=THE_ONLY, stamp=stamp))
    pages_changed.send(None)


def _forget(connection: Connection) -> None:
    if not connection.invalidated:  # a lost one has forgotten by itself, and says no to every question
        connection.info.pop(CHANGED, None)
