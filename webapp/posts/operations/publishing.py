"""When a post is public: now, by itself later, or no more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, update

from webapp.accounts.models import Person
from webapp.core.errors import Refused
from webapp.core.words import _
from webapp.extensions import db
from webapp.posts import queries
from webapp.posts.models import Post, PostState, RevisionReason
from webapp.posts.operations import gate, revisions
from webapp.posts.operations.saving import save
from webapp.posts.signals import post_hidden

FARTHEST = timedelta(days=3653)
DUE_AT_ONCE = 100


def publish(post: Post, *, by: Person, now: datetime) -> None:
    """Shows a post to everyone. The first time fixes the day it appeared; a later time does not change it.

    Raises :class:`Refused` for ``body`` when there is none, and where an editor has to be asked first.
    """
    if post.state is PostState.PUBLISHED:
        return
    gate.check(post, by)
    require_text(post)
    post.state, post.trashed_from, post.trashed_at, post.publish_at = PostState.PUBLISHED, None, None, None
    post.published_at = post.published_at or now
    save(post, now)
    revisions.keep(post, by, now, RevisionReason.PUBLISHED)
    gate.settle(post, by, now)


def schedule(post: Post, *, at: datetime, by: Person, now: datetime) -> None:
    """Lets a draft appear by itself at an instant within ten years; what is scheduled already moves there.

    Raises :class:`Refused` for ``publish_at``, and as :func:`publish` does.
    """
    if at.tzinfo is None:
        raise Refused("publish_at", _("Say the offset from UTC as well."))
    if at <= now:
        raise Refused("publish_at", _("That time has passed. Choose a later one, or publish now."))
    if at > now + FARTHEST:
        raise Refused("publish_at", _("Choose a time within ten years."))
    if post.is_public:
        raise Refused("publish_at", _("This post is public already."))
    gate.check(post, by)
    require_text(post)
    post.state, post.trashed_from, post.trashed_at, post.publish_at = PostState.SCHEDULED, None, None, at
    save(post, now)
    gate.settle(post, by, now)


def unpublish(post: Post, *, by: Person, now: datetime) -> None:  # noqa: ARG001  # as its siblings
    """Makes a published or scheduled post a draft again."""
    if post.state in {PostState.PUBLISHED, PostState.SCHEDULED}:
        was_public = post.is_public
        post.state, post.publish_at = PostState.DRAFT, None
        save(post, now)
        if was_public:
            post_hidden.send(post, now=now)


def publish_due(*, now: datetime) -> int:
    """Publishes the scheduled posts whose time has come, and says how many. Two callers at once publish each once."""
    published = 0
    for post in queries.due(now, DUE_AT_ONCE):
        claim = (
            update(Post)
            .where(Post.id == post.id, Post.version == post.version, Post.state == PostState.SCHEDULED)
            .values(
                state=PostState.PUBLISHED,
                publish_at=None,
                # when it does appear: a digest whose window closed meanwhile must not have missed it
                published_at=post.published_at or now,
                updated_at=now,
                version=Post.version + 1,
            )
            .execution_options(synchronize_session=False)
        )
        if cast("CursorResult[Any]", db.session.execute(claim)).rowcount == 1:
            db.session.add(revisions.of_publication(post, now))
            published += 1
        db.session.expire(post)  # whoever reads it next in this transaction sees what was written
    return published


def require_text(post: Post) -> None:
    """Raises :class:`Refused` for a post with nothing in it."""
    if not post.body.strip():
        raise Refused("body", _("Write something before it is published."))
