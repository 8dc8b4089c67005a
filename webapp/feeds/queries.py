"""What there is for programs to find. Only what everyone may read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, null, or_, select

from webapp.accounts.models import Person
from webapp.core.pagination import LARGEST_ID
from webapp.extensions import db
from webapp.posts.models import Post, PostState, Tag, co_authors, post_tags

MOST = 49_000
"""Addresses of rows in one sitemap, which may hold 50,000 (https://www.sitemaps.org/protocol.html)."""

IS_PUBLIC = Post.state == PostState.PUBLISHED

Rows = Sequence[tuple[str, datetime | None]]
"""What stands in an address, and when what it leads to last changed."""


@dataclass(frozen=True)
class Part:
    """Of one kind of page those whose rows have the numbers up to ``number`` times :data:`MOST`, less those before."""

    kind: str
    number: int


def parts() -> list[Part]:
    """What there is to list. Each part holds no more than :data:`MOST`, without anything being counted."""
    found = []
    for kind, (key, _address, _changed, condition) in KINDS.items():
        part = (key - 1) // MOST + 1
        numbers = db.session.scalars(select(part).where(condition).distinct())
        found += [Part(kind, number) for number in sorted(numbers)]
    return found


def addresses(part: Part) -> Rows:
    """What a part lists, the newest first; nothing for a part that does not exist."""
    key, address, changed, condition = KINDS[part.kind]
    last = part.number * MOST
    if last > LARGEST_ID:
        return ()
    wanted = select(address, changed).where(condition, key > last - MOST, key <= last).order_by(key.desc())
    return [(row[0], row[1]) for row in db.session.execute(wanted)]


def _has_written() -> ColumnElement[bool]:
    alone = select(Post.id).where(Post.author_id == Person.id, IS_PUBLIC).exists()
    with_others = (
        select(Post.id)
        .join(co_authors, co_authors.c.post_id == Post.id)
        .where(co_authors.c.person_id == Person.id, IS_PUBLIC)
        .exists()
    )
    return or_(alone, with_others)


def _is_used() -> ColumnElement[bool]:
    return (
        select(Post.id)
        .join(post_tags, post_tags.c.post_id == Post.id)
        .where(post_tags.c.tag_id == Tag.id, IS_PUBLIC)
        .exists()
    )


KINDS: dict[str, tuple[Any, Any, Any, ColumnElement[bool]]] = {
    "posts": (Post.id, Post.slug, Post.updated_at, IS_PUBLIC),
    "authors": (Person.id, Person.handle, null(), _has_written()),
    "tags": (Tag.id, Tag.slug, null(), _is_used()),
}
"""Each kind of page: the number of its row, its address, when it last changed, and which rows have a page."""


def last_change() -> datetime | None:
    """When a post that is or was public last changed: a feed also changes when something leaves it."""
    return db.session.scalar(select(func.max(Post.updated_at)).where(Post.published_at.is_not(None)))
