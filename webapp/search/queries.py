"""The posts behind what an engine found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, func, select

from webapp.accounts.models import Person
from webapp.extensions import db
from webapp.posts import queries as posts
from webapp.posts.models import Post, PostState, Tag, co_authors, post_tags

READ = (Post.id, Post.title, Post.slug, Post.html, Post.excerpt, Post.minutes, Post.published_at)


@dataclass(frozen=True)
class Found:
    """What is shown of a post that was found, by the names that a post has. People have ``name`` and ``handle``."""

    author: Any
    co_authors: Sequence[Any]
    tags: Sequence[Any]
    id: int
    title: str
    slug: str
    html: str
    excerpt: str
    minutes: int
    published_at: datetime


def published(ids: Sequence[int]) -> list[Found]:
    """Those of these posts that everyone may read, in the order of ``ids``: three reads, and no objects to keep."""
    if not ids:
        return []
    by_id = {row.id: row for row in _rows(_posts(), ids)}
    tags, others = _by_post(_rows(_tags(), ids)), _by_post(_rows(_co_authors(), ids))
    return [
        Found(row, others.get(row.id, ()), tags.get(row.id, ()), *row[: len(READ)])
        for row in (by_id[each] for each in ids if each in by_id)
    ]


def published_after(post_id: int, limit: int) -> Sequence[int]:
    """The ids of published posts above one, in order."""
    return db.session.scalars(
        select(Post.id).where(Post.id > post_id, Post.state == PostState.PUBLISHED).order_by(Post.id).limit(limit)
    ).all()


def how_many_published(after: int = 0) -> int:
    return db.session.scalar(select(func.count()).where(Post.id > after, Post.state == PostState.PUBLISHED)) or 0


IDS: BindParameter[Sequence[int]] = bindparam("ids", expanding=True)


@cache
def _posts() -> Select[Any]:
    rows = posts.columns(posts.published(), *READ, Person.name, Person.handle)
    return rows.join(Post.author).where(Post.id.in_(IDS)).order_by(None)


@cache
def _tags() -> Select[Any]:
    return (
        select(post_tags.c.post_id, Tag.name, Tag.slug)
        .join(Tag, Tag.id == post_tags.c.tag_id)
        .where(post_tags.c.post_id.in_(IDS))
        .order_by(Tag.name)
    )


@cache
def _co_authors() -> Select[Any]:
    return (
        select(co_authors.c.post_id, Person.name, Person.handle)
        .join(Person, Person.id == co_authors.c.person_id)
        .where(co_authors.c.post_id.in_(IDS))
        .order_by(co_authors.c.added_at, co_authors.c.person_id)
    )


def _rows(rows: Select[Any], ids: Sequence[int]) -> Iterable[Any]:
    """By the connection itself: a session takes as long for its own part as the database for the rest."""
    return db.session.connection().execute(rows, {"ids": ids})


def _by_post(rows: Iterable[Any]) -> Mapping[int, Sequence[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.post_id, []).append(row)
    return found
