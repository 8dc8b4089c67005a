"""Into the trash, and out of it again."""

from __future__ import annotations

from datetime import datetime

from webapp.accounts.models import Person
from webapp.posts.models import Post, PostState
from webapp.posts.operations.saving import save


def trash(post: Post, *, by: Person, now: datetime) -> None:  # noqa: ARG001  # as its siblings
    """Hides a post from everyone and every list, its address kept for it."""
    if post.state is not PostState.TRASHED:
        post.trashed_from, post.state = post.state, PostState.TRASHED
        save(post, now)


def restore(post: Post, *, by: Person, now: datetime) -> None:  # noqa: ARG001  # as its siblings
    """Takes a post out of the trash as what it was before; as a draft, if its scheduled time passed meanwhile."""
    if post.state is not PostState.TRASHED:
        return
    was = post.trashed_from or PostState.DRAFT
    if was is PostState.SCHEDULED and (post.publish_at is None or post.publish_at <= now):
        was = PostState.DRAFT
    post.state, post.trashed_from = was, None
    if was is not PostState.SCHEDULED:
        post.publish_at = None
    save(post, now)
