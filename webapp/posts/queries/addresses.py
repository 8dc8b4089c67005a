"""Posts and tags by their addresses, and which of those are taken."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import case, false, or_, select

from webapp.accounts.models import Person
from webapp.extensions import db
from webapp.images.models import Image
from webapp.posts.models import Post, PostState, SlugRedirect, Tag, post_tags
from webapp.posts.queries.scopes import is_editable_by, visible_to


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


def taken(slugs: Sequence[str], *, but_by: Post | None = None) -> set[str]:
    """Those of ``slugs`` that are, or were, the address of a post other than ``but_by``."""
    mine = but_by.id if but_by else None
    present = select(Post.slug).where(Post.slug.in_(slugs), Post.id.is_distinct_from(mine))
    past = select(SlugRedirect.slug).where(SlugRedirect.slug.in_(slugs), SlugRedirect.post_id.is_distinct_from(mine))
    return set(db.session.scalars(present.union_all(past)))


def tags_called(slugs: Sequence[str]) -> dict[str, Tag]:
    return {tag.slug: tag for tag in db.session.scalars(select(Tag).where(Tag.slug.in_(slugs)))}


def tags_by_ids(ids: Collection[int]) -> Sequence[Tag]:
    """Those of these tags that some published post has, by name."""
    is_used = Tag.id.in_(select(post_tags.c.tag_id).join(Post).where(Post.state == PostState.PUBLISHED))
    return db.session.scalars(select(Tag).where(Tag.id.in_(ids), is_used).order_by(Tag.name)).all()


def _can_be_slug(raw: str) -> bool:
    """Whether it is worth asking: PostgreSQL takes no text with a NUL in it."""
    return "\0" not in raw


def titles_showing(image: Image, person: Person | None, limit: int = 20) -> Sequence[str | None]:
    """What the posts are called that a picture is in or at the head of, whatever their state.

    Those first of which ``person`` may know; the others have no title here.
    """
    may_know = or_(Post.state == PostState.PUBLISHED, is_editable_by(person) if person else false())
    return db.session.scalars(
        select(case((may_know, Post.title)))
        .where(or_(Post.cover_id == image.id, Post.body.contains(f"/images/{image.key}/")))
        .order_by(case((may_know, 0), else_=1), Post.id)
        .limit(limit)
    ).all()
