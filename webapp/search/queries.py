"""The posts behind what an engine found."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import defer

from webapp.extensions import db
from webapp.posts import queries as posts
from webapp.posts.models import Post, PostState


def published(ids: Sequence[int]) -> list[Post]:
    """Those of these posts that everyone may read, in the order of ``ids``."""
    if not ids:
        return []
    found = db.session.scalars(posts.published().where(Post.id.in_(ids)).order_by(None).options(defer(Post.body)))
    by_id = {post.id: post for post in found}
    return [by_id[each] for each in ids if each in by_id]


def published_after(post_id: int, limit: int) -> Sequence[int]:
    """The ids of published posts above one, in order."""
    return db.session.scalars(
        select(Post.id).where(Post.id > post_id, Post.state == PostState.PUBLISHED).order_by(Post.id).limit(limit)
    ).all()


def how_many_published(after: int = 0) -> int:
    return db.session.scalar(select(func.count()).where(Post.id > after, Post.state == PostState.PUBLISHED)) or 0
