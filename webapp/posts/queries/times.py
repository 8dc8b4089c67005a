"""Posts by time: what appeared, and what is going to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlalchemy.orm import selectinload

from webapp.accounts.models import Person
from webapp.extensions import db
from webapp.posts.models import Post, PostState
from webapp.posts.queries.scopes import WITH_PEOPLE, is_by, published, without_text

PUBLISHED_AT = cast("ColumnElement[datetime]", Post.published_at)
OLDEST_FIRST = (Post.published_at, Post.id)
APPEARED_HERE = or_(Post.imported_at.is_(None), Post.published_at > Post.imported_at)
"""Whether people may be written to about a post: an import is silent, and what it brought stays so."""


def published_between(start: datetime, end: datetime) -> Sequence[Post]:
    """What first appeared here after ``start`` and up to ``end``, the oldest first, without its text.

    For letters, and for what says what they will hold: what had appeared elsewhere before it was imported is not in it.
    """
    return db.session.scalars(
        without_text(published())
        .where(Post.published_at > start, Post.published_at <= end, APPEARED_HERE)
        .order_by(None)
        .order_by(*OLDEST_FIRST)
    ).all()


def published_among(ids: Collection[int]) -> Sequence[Post]:
    """Those of these posts that letters may show, the oldest first, without their text."""
    return db.session.scalars(
        without_text(published()).where(Post.id.in_(ids), APPEARED_HERE).order_by(None).order_by(*OLDEST_FIRST)
    ).all()


def scheduled_before(until: datetime) -> Sequence[Post]:
    """What will appear here before an instant, whoever wrote it, in the order of time, without its text."""
    return db.session.scalars(
        without_text(select(Post))
        .options(*WITH_PEOPLE)
        .where(
            Post.state == PostState.SCHEDULED,
            Post.publish_at < until,
            or_(Post.published_at.is_(None), APPEARED_HERE),
        )
        .order_by(Post.publish_at, Post.id)
    ).all()


def titles_between(start: datetime, end: datetime, limit: int = 50) -> Sequence[Row[str, str, datetime]]:
    """Title, slug and time of what appeared from ``start`` up to but not including ``end``."""
    return db.session.execute(
        select(Post.title, Post.slug, PUBLISHED_AT)
        .where(Post.state == PostState.PUBLISHED, Post.published_at >= start, Post.published_at < end)
        .order_by(*OLDEST_FIRST)
        .limit(limit)
    ).all()


def first_published_at(author: Person) -> datetime | None:
    """Since when an author writes here, as far as everyone can see."""
    return db.session.scalar(
        select(func.min(Post.published_at)).where(Post.state == PostState.PUBLISHED, is_by(author))
    )


def publications(author: Person, start: datetime, end: datetime) -> Sequence[datetime]:
    """When an author's posts appeared, from ``start`` up to but not including ``end``."""
    return db.session.scalars(
        select(PUBLISHED_AT).where(
            Post.state == PostState.PUBLISHED,
            is_by(author),
            Post.published_at >= start,
            Post.published_at < end,
        )
    ).all()


def scheduled_between(person: Person, start: datetime, end: datetime) -> Sequence[Post]:
    """A person's own posts that will appear from ``start`` up to but not including ``end``."""
    return db.session.scalars(
        without_text(select(Post))
        .where(
            is_by(person),
            Post.state == PostState.SCHEDULED,
            Post.publish_at >= start,
            Post.publish_at < end,
        )
        .order_by(Post.publish_at)
    ).all()


def due(now: datetime, limit: int) -> Sequence[Post]:
    """Scheduled posts whose time has come, the longest waiting first."""
    return db.session.scalars(
        select(Post)
        .options(selectinload(Post.tags))
        .where(Post.state == PostState.SCHEDULED, Post.publish_at <= now)
        .order_by(Post.publish_at)
        .limit(limit)
    ).all()


def long_in_trash(before: datetime, limit: int) -> Sequence[Row[int, int, str]]:
    """Id, version and title of what has been in the trash since ``before`` or longer, the longest first."""
    return db.session.execute(
        select(Post.id, Post.version, Post.title)
        .where(Post.state == PostState.TRASHED, Post.trashed_at <= before)
        .order_by(Post.trashed_at)
        .limit(limit)
    ).all()
