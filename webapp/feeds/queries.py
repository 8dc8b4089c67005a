"""What there is for programs to find. Only what everyone may read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, func, or_, select

from webapp.accounts.models import Person
from webapp.extensions import db
from webapp.posts.models import Post, PostState, Tag, co_authors, post_tags

MOST = 40_000
"""Addresses of each kind; a sitemap may hold 50,000 (https://www.sitemaps.org/protocol.html)."""

IS_PUBLIC = Post.state == PostState.PUBLISHED


def addresses() -> Sequence[Row[str, datetime]]:
    """Slug and last change of every published post, the newest first."""
    return db.session.execute(
        select(Post.slug, Post.updated_at)
        .where(IS_PUBLIC)
        .order_by(Post.published_at.desc(), Post.id.desc())
        .limit(MOST)
    ).all()


def authors() -> Sequence[str]:
    """The handles of those who have published something."""
    has_written = select(Post.id).where(Post.author_id == Person.id, IS_PUBLIC).exists()
    has_written_with_others = (
        select(Post.id)
        .join(co_authors, co_authors.c.post_id == Post.id)
        .where(co_authors.c.person_id == Person.id, IS_PUBLIC)
        .exists()
    )
    return db.session.scalars(
        select(Person.handle).where(or_(has_written, has_written_with_others)).order_by(Person.handle).limit(MOST // 8)
    ).all()


def tags() -> Sequence[str]:
    """The slugs of the tags that published posts have."""
    is_used = (
        select(Post.id)
        .join(post_tags, post_tags.c.post_id == Post.id)
        .where(post_tags.c.tag_id == Tag.id, IS_PUBLIC)
        .exists()
    )
    return db.session.scalars(select(Tag.slug).where(is_used).order_by(Tag.slug).limit(MOST // 8)).all()


def last_change() -> datetime | None:
    """When a post that is or was public last changed: a feed also changes when something leaves it."""
    return db.session.scalar(select(func.max(Post.updated_at)).where(Post.published_at.is_not(None)))
