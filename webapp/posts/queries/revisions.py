"""What a post said earlier. Whoever asks has loaded the post through a query of what they may change."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import defer, joinedload

from webapp.core import pagination
from webapp.extensions import db
from webapp.posts.models import Post, Revision

MOST_LISTED = 500


def newest_revision(post: Post) -> Revision | None:
    """What a post says, unless it has been written by other means than ours."""
    return db.session.scalar(select(Revision).where(Revision.post_id == post.id).order_by(Revision.id.desc()).limit(1))


def revisions_of(post: Post) -> Sequence[tuple[int, Revision]]:
    """The revisions of a post, the newest first, each with its number; without their texts."""
    found = db.session.scalars(
        select(Revision)
        .where(Revision.post_id == post.id)
        .options(joinedload(Revision.person), defer(Revision.body))
        .order_by(Revision.id.desc())
        .limit(MOST_LISTED)
    ).all()
    total = db.session.scalar(select(func.count()).where(Revision.post_id == post.id)) or 0
    return [(total - place, revision) for place, revision in enumerate(found)]


def revision_number(post: Post, number: int) -> Revision | None:
    """The revision of that number, from 1 for the oldest. None is ever taken away, so a number stays with its text."""
    if not 0 < number <= pagination.LARGEST_ID:
        return None
    return db.session.scalar(
        select(Revision)
        .where(Revision.post_id == post.id)
        .options(joinedload(Revision.person))
        .order_by(Revision.id)
        .offset(number - 1)
        .limit(1)
    )
