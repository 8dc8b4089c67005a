"""The posts behind what an engine found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

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
    rows = posts.columns(posts.published(), *READ, Person.name, Person.handle).join(Post.author)
    by_id = {row.id: row for row in db.session.execute(rows.where(Post.id.in_(ids)).order_by(None))}
    tags, others = _grouped(_tags_of(ids)), _grouped(_co_authors_of(ids))
    return [
        Found(row, others.get(row.id, ()), tags.get(row.id, ()), *row[: len(READ)])
        for row in _in_order(ids, by_id)
    ]


def published_after(post_id: int, limit: int) -> Sequence[int]:
    """The ids of published posts above one, in order."""
    return db.session.scalars(
        select(Post.id).where(Post.id > post_id, Post.state == PostState.PUBLISHED).order_by(Post.id).limit(limit)
    ).all()


def how_many_published(after: int = 0) -> int:
    return db.session.scalar(select(func.count()).where(Post.id > after, Post.state == PostState.PUBLISHED)) or 0


def _tags_of(ids: Sequence[int]) -> Select[Any]:
    return (
        select(post_tags.c.post_id, Tag.name, Tag.slug)
        .join(Tag, Tag.id == post_tags.c.tag_id)
        .where(post_tags.c.post_id.in_(ids))
        .order_by(Tag.name)
    )


def _co_authors_of(ids: Sequence[int]) -> Select[Any]:
    return (
        select(co_authors.c.post_id, Person.name, Person.handle)
        .join(Person, Person.id == co_authors.c.person_id)
        .where(co_authors.c.post_id.in_(ids))
        .order_by(co_authors.c.added_at, co_authors.c.person_id)
    )


def _grouped(rows: Select[Any]) -> Mapping[int, Sequence[Any]]:
    found: dict[int, list[Any]] = {}
    for row in db.session.execute(rows):
        found.setdefault(row.post_id, []).append(row)
    return found


def _in_order(ids: Sequence[int], by_id: Mapping[int, Any]) -> Iterator[Any]:
    return (by_id[each] for each in ids if each in by_id)
