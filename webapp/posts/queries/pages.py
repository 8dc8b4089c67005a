"""Pages of published posts, the newest first, which know the days of their neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, select, true

from webapp.core import pagination
from webapp.core.pagination import Place
from webapp.extensions import db
from webapp.posts.models import Post
from webapp.posts.queries.scopes import NEWEST_FIRST, published, without_text
from webapp.posts.queries.times import OLDEST_FIRST, PUBLISHED_AT

PAGE = 10
TITLES = 200
ID = cast("ColumnElement[int]", Post.id)


@dataclass(frozen=True)
class Span:
    """A page in time, and the place it begins below (None: the first)."""

    newest: datetime
    oldest: datetime
    begins_below: Place | None


@dataclass(frozen=True)
class Page:
    """Some posts of a list that begins with the newest, and the pages on either side of it."""

    posts: Sequence[Any]
    older: Span | None
    newer: Span | None


def page(posts: Select[Post], before: Place | None, size: int = PAGE) -> Page:
    """The ``size`` published posts that come after the place ``before``. At most three reads of rows, never a count."""
    found = db.session.scalars(_below(without_text(posts), before).limit(size)).all()
    return _page(posts, found, before, size)


def titles(before: Place | None, size: int = TITLES) -> Page:
    """The archive: only titles, addresses and times, many to a page."""
    posts = published()
    rows = columns(posts, Post.id, Post.title, Post.slug, Post.published_at)
    return _page(posts, db.session.execute(_below(rows, before).limit(size)).all(), before, size)


def columns(posts: Select[Post], *wanted: Any) -> Select[Any]:
    """The same published posts in the same order, but only these columns of them."""
    condition = posts.whereclause
    return select(*wanted).where(true() if condition is None else condition).order_by(*NEWEST_FIRST)


def _page(posts: Select[Post], found: Sequence[Any], before: Place | None, size: int) -> Page:
    if not found:
        return Page(found, None, None)
    older = newer = None
    places = columns(posts, Post.published_at, Post.id)
    last = Place(found[-1].published_at, found[-1].id)
    if len(found) == size and (rows := db.session.execute(_below(places, last).limit(size)).all()):
        older = Span(rows[0][0], rows[-1][0], last)
    if before is not None:
        first = Place(found[0].published_at, found[0].id)
        upwards = places.where(pagination.above(PUBLISHED_AT, ID, first)).order_by(None).order_by(*OLDEST_FIRST)
        if rows := db.session.execute(upwards.limit(size + 1)).all():
            beyond = Place(*rows[size]) if len(rows) > size else None
            newer = Span(rows[:size][-1][0], rows[0][0], beyond)
    return Page(found, older, newer)


def _below(posts: Select[Any], place: Place | None) -> Select[Any]:
    return posts if place is None else posts.where(pagination.below(PUBLISHED_AT, ID, place))
