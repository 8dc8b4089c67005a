"""Whose posts: what a person may see or change is part of the question."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, false, inspect, or_, select, true
from sqlalchemy.orm import defer, joinedload, selectinload

from webapp.accounts.models import Person, Role
from webapp.core import pagination
from webapp.extensions import db
from webapp.posts.models import Post, PostState, Tag, co_authors

WITH_PEOPLE = (joinedload(Post.author, innerjoin=True), selectinload(Post.co_authors), selectinload(Post.tags))
"""What a page of posts shows of them, in a number of queries that does not depend on how many they are."""

WITH_COVER = selectinload(Post.cover)

NEWEST_FIRST = (Post.published_at.desc(), Post.id.desc())


def published() -> Select[Post]:
    """What everyone may read, the newest first, with authors and tags."""
    return select(Post).options(*WITH_PEOPLE).where(Post.state == PostState.PUBLISHED).order_by(*NEWEST_FIRST)


def visible_to(person: Person | None) -> Select[Post]:
    """What a person may read: everything published, and whatever else they may edit. Nothing from the trash."""
    is_public = Post.state == PostState.PUBLISHED
    if person is None or not person.is_allowed(Role.AUTHOR):
        return published()
    return (
        select(Post)
        .options(*WITH_PEOPLE)
        .where(or_(is_public, is_editable_by(person)), Post.state != PostState.TRASHED)
        .order_by(Post.id.desc())
    )


def editable_by(person: Person, *, or_trashed: bool = False) -> Select[Post]:
    """What a person may change: an author what they write, alone or with others, an editor all; nobody else any.

    Nothing from the trash, unless ``or_trashed``.
    """
    return (
        select(Post)
        .options(*WITH_PEOPLE)
        .where(is_editable_by(person), true() if or_trashed else Post.state != PostState.TRASHED)
        .order_by(Post.updated_at.desc(), Post.id.desc())
    )


def published_of(person: Person) -> Select[Post]:
    """What is published of what a person may change, the newest first."""
    return published().where(is_editable_by(person))


def called(posts: Select[Post], words: str) -> Select[Post]:
    """Those of some posts whose title holds these words as they are."""
    return posts.where(Post.title.icontains(words, autoescape=True)) if words else posts


def trash_of(person: Person) -> Select[Post]:
    """What a person may take out of the trash again."""
    return (
        select(Post)
        .options(*WITH_PEOPLE)
        .where(is_editable_by(person), Post.state == PostState.TRASHED)
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


def get_own(person: Person, post_id: int, *, or_trashed: bool = False) -> Post | None:
    """The post, if it is this person's own or they are an editor: a co-author changes its words, not whose it is."""
    post = get_editable(person, post_id, or_trashed=or_trashed)
    return post if post and (post.author_id == person.id or person.is_allowed(Role.EDITOR)) else None


def tagged(tag: Tag) -> Select[Post]:
    return published().where(Post.tags.any(Tag.id == tag.id))


def written_by(person: Person) -> Select[Post]:
    """What everyone may read of a person, alone or with others."""
    return published().where(is_by(person))


def without_text(posts: Select[Post]) -> Select[Post]:
    """For lists: leaves the text of each post where it is."""
    return posts.options(defer(Post.body), defer(Post.html))


def load_tags(post: Post) -> None:
    """Loads what a commit has let go of, so that the tags can be compared with new ones."""
    if "tags" in inspect(post).unloaded:
        db.session.scalar(select(Post).options(selectinload(Post.tags)).where(Post.id == post.id))


def load_cover(post: Post) -> None:
    """Loads the picture at the head, as it is now."""
    db.session.expire(post, ["cover"])
    db.session.scalar(select(Post).options(WITH_COVER).where(Post.id == post.id))


def is_by(person: Person) -> ColumnElement[bool]:
    """Whether a person is in a post's byline."""
    shared = select(co_authors.c.post_id).where(co_authors.c.person_id == person.id)
    return or_(Post.author_id == person.id, Post.id.in_(shared))


def is_editable_by(person: Person) -> ColumnElement[bool]:
    """Whether a person may change a post, wherever it is."""
    if person.is_allowed(Role.EDITOR):
        return true()
    return is_by(person) if person.is_allowed(Role.AUTHOR) else false()


def _one(posts: Select[Post], post_id: int) -> Post | None:
    if not 0 < post_id <= pagination.LARGEST_ID:
        return None
    return db.session.scalar(posts.where(Post.id == post_id))
