"""Into the trash, out of it again, and in the end away."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete

from webapp.accounts.models import Person
from webapp.audit import operations as audit
from webapp.core.errors import Conflict
from webapp.core.words import mark
from webapp.extensions import db
from webapp.posts import notices, queries
from webapp.posts.models import Post, PostState
from webapp.posts.operations.saving import CHANGED, save
from webapp.posts.signals import post_hidden

AWAY_AT_ONCE = 100


def trash(post: Post, *, by: Person, now: datetime) -> None:  # noqa: ARG001  # as its siblings
    """Hides a post from everyone and every list, its address kept for it."""
    if post.state is not PostState.TRASHED:
        was_public = post.is_public
        post.trashed_from, post.state, post.trashed_at = post.state, PostState.TRASHED, now
        save(post, now)
        notices.keep_back(post, why=mark("the post is in the trash"), now=now)
        if was_public:
            post_hidden.send(post, now=now)


def restore(post: Post, *, by: Person, now: datetime) -> None:
    """Takes a post out of the trash as what it was before; as a draft, if its scheduled time passed meanwhile."""
    if post.state is not PostState.TRASHED:
        return
    was = post.trashed_from or PostState.DRAFT
    if was is PostState.SCHEDULED and (post.publish_at is None or post.publish_at <= now):
        was = PostState.DRAFT
    post.state, post.trashed_from, post.trashed_at = was, None, None
    if was is not PostState.SCHEDULED:
        post.publish_at = None
    save(post, now)
    notices.let_go(post, by=by, now=now)


def delete_for_good(post: Post, *, by: Person, now: datetime) -> None:
    """Takes a post out of the trash and out of the world, with its revisions, its links and the addresses it had.

    A reminder of it still comes, without a link. Raises :class:`Conflict` if somebody has taken it back meanwhile.
    """
    subject = f"post {post.id}"
    if not _away(post.id, post.version):
        raise Conflict(CHANGED)
    audit.record("post.deleted", subject, now=now, actor=by.email, person_id=by.id, title=post.title)
    db.session.expunge(post)


def empty_trash(*, before: datetime, now: datetime) -> int:
    """Takes away for good what has been in the trash since ``before`` or longer, and says how much."""
    gone = 0
    for post_id, version, title in queries.long_in_trash(before, AWAY_AT_ONCE):
        if _away(post_id, version):
            audit.record("post.deleted", f"post {post_id}", now=now, actor="sweep", title=title)
            gone += 1
    return gone


def _away(post_id: int, version: int) -> bool:
    """Whether it went: what was taken back in the same moment stays."""
    it = (
        delete(Post)
        .where(Post.id == post_id, Post.version == version, Post.state == PostState.TRASHED)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", db.session.execute(it)).rowcount == 1
