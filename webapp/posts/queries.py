"""Finding posts. What a person may see or change is part of the question, never a check on the answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Select, func, inspect, or_, select, true
from sqlalchemy.orm import defer, joinedload, selectinload

from webapp.accounts.models import Person, Role
from webapp.core import pagination
from webapp.core.pagination import Place
from webapp.extensions import db
from webapp.posts.models import Post, PostState, SlugRedirect, Tag, WorkingCopy, post_tags

PAGE = 10
TITLES = 200
PUBLISHED_AT = cast("ColumnElement[datetime]", Post.published_at)
ID = cast("ColumnElement[int]", Post.id)
NEWEST_FIRST = (Post.published_at.desc(), Post.id.desc())
OLDEST_FIRST = (Post.published_at, Post.id)


# Whose posts


def published() -> Select[Post]:
    """What everyone may read, the newest first, with authors and tags."""
    return _with_people(select(Post)).where(Post.state == PostState.PUBLISHED).order_by(*NEWEST_FIRST)


def visible_to(person: Person | None) -> Select[Post]:
    """What a person may read: everything published, and whatever else they may edit. Nothing from the trash."""
    is_public = Post.state == PostState.PUBLISHED
    if person is None or not person.is_allowed(Role.AUTHOR):
        return published()
    return (
        _with_people(select(Post))
        .where(or_(is_public, _is_editable_by(person)), Post.state != PostState.TRASHED)
        .order_by(Post.id.desc())
    )


def editable_by(person: Person) -> Select[Post]:
    """What a person may change: an author their own posts, an editor all; nobody else any. Nothing from the trash."""
    return (
        _with_people(select(Post))
        .where(_is_editable_by(person), Post.state != PostState.TRASHED)
        .order_by(Post.updated_at.desc(), Post.id.desc())
    )


def trash_of(person: Person) -> Select[Post]:
    """What a person may take out of the trash again."""
    return (
        _with_people(select(Post))
        .where(_is_editable_by(person), Post.state == PostState.TRASHED)
        .order_by(Post.updated_at.desc(), Post.id.desc())
    )


def get_visible(person: Person | None, post_id: int) -> Post | None:
    return _one(visible_to(person), post_id)


def get_editable(person: Person, post_id: int, *, or_trashed: bool = False) -> Post | None:
    """The post, if this person may change it. ``or_trashed`` finds it in the trash too."""
    found = _one(editable_by(person), post_id)
    return found or (get_trashed(person, post_id) if or_trashed else None)


def get_trashed(person: Person, post_id: int) -> Post | None:
    return _one(trash_of(person), post_id)


def begun_as(person: Person, page: str | None) -> Post | None:
    """The post that a person began on this page of the editor, if its first save has arrived."""
    if page is None:
        return None
    return db.session.scalar(
        _with_people(select(Post)).where(_is_editable_by(person), Post.author_id == person.id, Post.begun_as == page)
    )


def working_copy(person: Person, post: Post) -> WorkingCopy | None:
    """What a person has typed into the editor of a post and not saved, thrown away or not."""
    return db.session.scalar(
        select(WorkingCopy).where(WorkingCopy.post_id == post.id, WorkingCopy.person_id == person.id)
    )


def load_tags(post: Post) -> None:
    """Loads what a commit has let go of, so that the tags can be compared with new ones."""
    if "tags" in inspect(post).unloaded:
        db.session.scalar(select(Post).options(selectinload(Post.tags)).where(Post.id == post.id))


# By address


def by_slug(person: Person | None, slug: str) -> Post | None:
    if not _can_be_slug(slug):
        return None
    return db.session.scalar(visible_to(person).where(Post.slug == slug))


def moved_from(person: Person | None, slug: str) -> Post | None:
    """The post that used to have this address."""
    if not _can_be_slug(slug):
        return None
    return db.session.scalar(
        visible_to(person).join(SlugRedirect, SlugRedirect.post_id == Post.id).where(SlugRedirect.slug == slug)
    )


def tag_by_slug(slug: str) -> Tag | None:
    """A tag that some published post has: what only drafts are about stays theirs."""
    if not _can_be_slug(slug):
        return None
    is_used = select(Post.id).where(Post.tags.any(Tag.slug == slug), Post.state == PostState.PUBLISHED).exists()
    return db.session.scalar(select(Tag).where(Tag.slug == slug, is_used))


def tags_by_ids(ids: Collection[int]) -> Sequence[Tag]:
    """Those of these tags that some published post has, by name."""
    is_used = Tag.id.in_(select(post_tags.c.tag_id).join(Post).where(Post.state == PostState.PUBLISHED))
    return db.session.scalars(select(Tag).where(Tag.id.in_(ids), is_used).order_by(Tag.name)).all()


def tagged(tag: Tag) -> Select[Post]:
    return published().where(Post.tags.any(Tag.id == tag.id))


def written_by(person: Person) -> Select[Post]:
    return published().where(Post.author_id == person.id)


# By time


def published_between(start: datetime, end: datetime) -> Sequence[Post]:
    """What first appeared after ``start`` and up to ``end``, the oldest first, without its text."""
    return db.session.scalars(
        without_text(published())
        .where(Post.published_at > start, Post.published_at <= end)
        .order_by(None)
        .order_by(*OLDEST_FIRST)
    ).all()


def published_among(ids: Collection[int]) -> Sequence[Post]:
    """Those of these posts that everyone may read, the oldest first, without their text."""
    return db.session.scalars(
        without_text(published()).where(Post.id.in_(ids)).order_by(None).order_by(*OLDEST_FIRST)
    ).all()


def scheduled_before(until: datetime) -> Sequence[Post]:
    """What will appear before an instant, whoever wrote it, in the order of time, without its text."""
    return db.session.scalars(
        without_text(_with_people(select(Post)))
        .where(Post.state == PostState.SCHEDULED, Post.publish_at < until)
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
        select(func.min(Post.published_at)).where(Post.state == PostState.PUBLISHED, Post.author_id == author.id)
    )


def publications(author: Person, start: datetime, end: datetime) -> Sequence[datetime]:
    """When an author's posts appeared, from ``start`` up to but not including ``end``."""
    return db.session.scalars(
        select(PUBLISHED_AT).where(
            Post.state == PostState.PUBLISHED,
            Post.author_id == author.id,
            Post.published_at >= start,
            Post.published_at < end,
        )
    ).all()


def scheduled_between(person: Person, start: datetime, end: datetime) -> Sequence[Post]:
    """A person's own posts that will appear from ``start`` up to but not including ``end``."""
    return db.session.scalars(
        without_text(select(Post))
        .where(
            Post.author_id == person.id,
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
        .where(Post.state == PostState.SCHEDULED, Post.publish_at <= now)
        .order_by(Post.publish_at)
        .limit(limit)
    ).all()


# Pages


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
    rows = _columns(posts, Post.id, Post.title, Post.slug, Post.published_at)
    return _page(posts, db.session.execute(_below(rows, before).limit(size)).all(), before, size)


def without_text(posts: Select[Post]) -> Select[Post]:
    """For lists: leaves the text of each post where it is."""
    return posts.options(defer(Post.body), defer(Post.html))


def _page(posts: Select[Post], found: Sequence[Any], before: Place | None, size: int) -> Page:
    if not found:
        return Page(found, None, None)
    older = newer = None
    places = _columns(posts, Post.published_at, Post.id)
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


def _columns(posts: Select[Post], *columns: Any) -> Select[Any]:
    """The same rows in the same order, but only these columns of them."""
    condition = posts.whereclause
    return select(*columns).where(true() if condition is None else condition).order_by(*NEWEST_FIRST)


def _below(posts: Select[Any], place: Place | None) -> Select[Any]:
    return posts if place is None else posts.where(pagination.below(PUBLISHED_AT, ID, place))


# Addresses that are taken


def taken(slugs: Sequence[str], *, but_by: Post | None = None) -> set[str]:
    """Those of ``slugs`` that are, or were, the address of a post other than ``but_by``."""
    mine = but_by.id if but_by else None
    present = select(Post.slug).where(Post.slug.in_(slugs), Post.id.is_distinct_from(mine))
    past = select(SlugRedirect.slug).where(SlugRedirect.slug.in_(slugs), SlugRedirect.post_id.is_distinct_from(mine))
    return set(db.session.scalars(present.union_all(past)))


def tags_called(slugs: Sequence[str]) -> dict[str, Tag]:
    return {tag.slug: tag for tag in db.session.scalars(select(Tag).where(Tag.slug.in_(slugs)))}


def _can_be_slug(raw: str) -> bool:
    """Whether it is worth asking: PostgreSQL takes no text with a NUL in it."""
    return "\0" not in raw


def _is_editable_by(person: Person) -> ColumnElement[bool]:
    if person.is_allowed(Role.EDITOR):
        return true()
    return Post.author_id == (person.id if person.is_allowed(Role.AUTHOR) else None)


def _one(posts: Select[Post], post_id: int) -> Post | None:
    if not 0 < post_id <= pagination.LARGEST_ID:
        return None
    return db.session.scalar(posts.where(Post.id == post_id))


def _with_people(posts: Select[Post]) -> Select[Post]:
    return posts.options(joinedload(Post.author, innerjoin=True), selectinload(Post.tags))
