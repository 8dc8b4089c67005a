"""The base of every row, the type of every instant, and how SQLite is opened."""

from __future__ import annotations

import enum
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from flask import has_request_context, request
from sqlalchemy import JSON, DateTime, Dialect, Engine, Enum, MetaData, TypeDecorator, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry

from webapp.core import clock

IS_SHOWN = "is_shown"
"""In a table's ``info``: strangers see what it holds, so pages are made anew after it has changed."""
SHOWN = {IS_SHOWN: True}
READS_ONLY = "reads_only"
READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant, kept in UTC. A naive value is refused, so that no zone is ever guessed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant needs a zone: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Model(DeclarativeBase):
    """The base of every row."""

    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={
            datetime: UTCDateTime(),
            dict[str, Any]: JSON().with_variant(JSONB(), "postgresql"),
            list[str]: JSON().with_variant(JSONB(), "postgresql"),
        },
    )


class Timestamps:
    """When a row was made and last changed."""

    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)


def states(kind: type[enum.StrEnum]) -> Enum:
    """A column of this enum's values, kept as plain text so that a new state needs no new database type."""
    return Enum(
        kind, values_callable=lambda members: [member.value for member in members], native_enum=False, length=20
    )


def only_where(condition: str) -> dict[str, Any]:
    """What makes an index partial, on both databases."""
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}


def is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one moment of the database for as long as it is open, and keeps nobody from writing."""
    options: dict[str, Any] = (
        {READS_ONLY: True} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    )
    with engine.connect().execution_options(**options) as connection:
        yield connection


def insert_or_ignore(connection: Connection, model: type[Model]) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that leaves out what a unique key has already."""
    if is_sqlite(connection):
        return sqlite.insert(model).on_conflict_do_nothing()
    return postgresql.insert(model).on_conflict_do_nothing()


@event.listens_for(Engine, "connect")
def _open_sqlite(connection: Any, _record: Any) -> None:
    """WAL, so that readers and the writer do not wait for each other; transactions begin where we say."""
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None  # the driver would begin on its own, and too late
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    """Takes the write lock at the start of whatever may write: a reader that turns writer could not wait for it."""
    if is_sqlite(connection):
        is_reading = connection.get_execution_options().get(READS_ONLY) or (
            has_request_context() and request.method in READING_METHODS
        )
        connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")
