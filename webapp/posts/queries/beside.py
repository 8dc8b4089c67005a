"""What stands beside a post that one reads: those before and after it, and those about the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, select

from webapp.core import pagination
from webapp.core.pagination import Place
from webapp.extensions import db
from webapp.posts.models import Post, PostState, post_tags
from webapp.posts.queries.scopes import NEWEST_FIRST
from webapp.posts.queries.times import OLDEST_FIRST, PUBLISHED_AT

MOST_RELATED = 3
LOOKED_AT = 60
"""Of the newest posts about any of the same; looking at all would cost the more the longer a site exists."""

ID = cast("ColumnElement[int]", Post.id)


@dataclass(frozen=True)
class Neighbour:
    """Enough of a post to lead to it."""

    id: int
    title: str
    slug: str
    published_at: datetime


@dataclass(frozen=True)
class Beside:
    """``newer`` and ``older`` appeared next to a post in time; ``related`` share its tags, the closest first."""

    newer: Neighbour | None
    older: Neighbour | None
    related: Sequence[Neighbour]


def beside(post: Post) -> Beside:
    """What to read after a published post, in three reads whatever the size of the site. Its tags are loaded."""
    if post.published_at is None or not post.is_public:
        return Beside(None, None, ())
    place = Place(post.published_at, post.id)
    newer = _first(_published().where(pagination.above(PUBLISHED_AT, ID, place)).order_by(*OLDEST_FIRST))
    older = _first(_published().where(pagination.below(PUBLISHED_AT, ID, place)).order_by(*NEWEST_FIRST))
    shown = {post.id, *(each.id for each in (newer, older) if each)}
    return Beside(newer, older, _related(post, without=shown))


def _related(post: Post, without: set[int]) -> list[Neighbour]:
    tags = [tag.id for tag in post.tags]
    if not tags:
        return []
    about_the_same = (
        _published()
        .join(post_tags, post_tags.c.post_id == Post.id)
        .where(post_tags.c.tag_id.in_(tags), Post.id.not_in(without))
        .order_by(*NEWEST_FIRST)
        .limit(LOOKED_AT)
    )
    # a post is there once for each tag it shares; those seen first, the newest, stay first among equals
    shared = Counter(Neighbour(*row) for row in db.session.execute(about_the_same))
    return [each for each, _tags in shared.most_common(MOST_RELATED)]


def _published() -> Select[Any]:
    columns: tuple[Any, ...] = (Post.id, Post.title, Post.slug, Post.published_at)
    return select(*columns).where(Post.state == PostState.PUBLISHED)


def _first(posts: Select[Any]) -> Neighbour | None:
    row = db.session.execute(posts.limit(1)).first()
    return Neighbour(*row) if row else None
