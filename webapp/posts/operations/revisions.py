"""What a post said at each save that mattered. The newest revision is always what the post says."""

from __future__ import annotations

from datetime import datetime, timedelta

from webapp.accounts.models import Person
from webapp.extensions import db
from webapp.posts import queries
from webapp.posts.models import Post, Revision, RevisionReason

SITTING = timedelta(minutes=15)
"""Saves of a draft by one person within this time are one revision: an editor that saves by itself floods nothing."""
LOSS = 0.7
"""What leaves less than this part of the text is a revision of its own, however soon it comes."""


def keep_what_was(post: Post) -> None:
    """Keeps what a post says now if no revision does: it was written before there were any, or by an import."""
    queries.load_tags(post)
    newest = queries.newest_revision(post)
    if newest is None or not _says(newest, post):
        db.session.add(_of(post, person_id=post.author_id, reason=RevisionReason.SAVED, now=post.updated_at))
        db.session.flush()


def keep(post: Post, by: Person, now: datetime, reason: RevisionReason = RevisionReason.SAVED) -> None:
    """Keeps what a post says now."""
    queries.load_tags(post)
    newest = queries.newest_revision(post)
    if newest is None or not _is_same_sitting(newest, post, by, now, reason):
        db.session.add(_of(post, person_id=by.id, reason=reason, now=now))
        return
    newest.title, newest.body, newest.tags = post.title, post.body, _tags(post)
    newest.reason, newest.saved_at = reason, now


def of_publication(post: Post, now: datetime) -> Revision:
    """The revision of a post that appears by itself, in its author's name."""
    return _of(post, person_id=post.author_id, reason=RevisionReason.PUBLISHED, now=now)


def _is_same_sitting(newest: Revision, post: Post, by: Person, now: datetime, reason: RevisionReason) -> bool:
    """Whether ``newest`` is what the same person saved a moment ago and readers have not seen."""
    is_near = timedelta(0) <= now - newest.created_at < SITTING  # a clock that was set back makes no sitting
    if newest.reason is not RevisionReason.SAVED or newest.person_id != by.id or not is_near:
        return False
    if reason is RevisionReason.PUBLISHED:
        return _says(newest, post)
    return reason is RevisionReason.SAVED and not post.is_public and len(post.body) >= LOSS * len(newest.body)


def _says(revision: Revision, post: Post) -> bool:
    return (revision.title, revision.body) == (post.title, post.body) and set(revision.tags) == set(_tags(post))


def _of(post: Post, *, person_id: int, reason: RevisionReason, now: datetime) -> Revision:
    return Revision(
        post_id=post.id,
        person_id=person_id,
        reason=reason,
        title=post.title,
        body=post.body,
        tags=_tags(post),
        created_at=now,
    )


def _tags(post: Post) -> list[str]:
    return sorted(tag.name for tag in post.tags)
