"""Whose posts: what a person may see or change is part of the question."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, inspect, or_, select, true
from sqlalchemy.orm import defer, joinedload, selectinload

from webapp.accounts.models import Person, Role
from webapp.core import pagination
from webapp.extensions import db
from webapp.posts.models import Post, PostState, Tag

NEWEST_FIRST = (Post.published_at.desc(), Post.id.desc())


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


def tagged(tag: Tag) -> Select[Post]:
    return published().where(Post.tags.any(Tag.id == tag.id))


def written_by(person: Person) -> Select[Post]:
    return published().where(Post.author_id == person.id)


def without_text(posts: Select[Post]) -> Select[Post]:
    """For lists: leaves the text of each post where it is."""
    return posts.options(defer(Post.body), defer(Post.html))


def load_tags(post: Post) -> None:
    """Loads what a commit has let go of, so that the tags can be compared with new ones."""
    if "tags" in inspect(post).unloaded:
        db.session.scalar(select(Post).options(selectinload(Post.tags)).where(Post.id == post.id))


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
