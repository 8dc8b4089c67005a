"""What waits for an editor, and what was said about a post."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from webapp.accounts.models import Person
from webapp.extensions import db
from webapp.posts.models import Post, PostState, ReviewNote, ReviewState, ReviewStep, co_authors
from webapp.settings.models import SiteSetting

REVIEW_SETTING = "review"
MOST_WAITING = 200

IS_WAITING = (Post.review_state == ReviewState.WAITING, Post.state != PostState.TRASHED)


def is_review_required() -> bool:
    """Whether authors of this site ask an editor before a post of theirs appears."""
    row = db.session.get(SiteSetting, REVIEW_SETTING)
    return row is not None and row.value.get("required") is True


def waiting_for_review() -> Sequence[ReviewNote]:
    """What editors are asked to read, the longest waiting first: the asking, with its post and its people."""
    newest = select(func.max(ReviewNote.id)).where(ReviewNote.step == ReviewStep.SUBMITTED).group_by(ReviewNote.post_id)
    return db.session.scalars(
        select(ReviewNote)
        .join(ReviewNote.post)
        .where(ReviewNote.id.in_(newest), *IS_WAITING)
        .options(
            contains_eager(ReviewNote.post).options(
                joinedload(Post.author, innerjoin=True), selectinload(Post.co_authors)
            ),
            joinedload(ReviewNote.person),
        )
        .order_by(ReviewNote.id)
        .limit(MOST_WAITING)
    ).all()


def count_waiting() -> int:
    return db.session.scalar(select(func.count(Post.id)).where(*IS_WAITING)) or 0


def authors_of(post: Post) -> Sequence[Person]:
    """Everyone in the byline of a post that may have come without its people."""
    shared = select(co_authors.c.person_id).where(co_authors.c.post_id == post.id)
    theirs = or_(Person.id == post.author_id, Person.id.in_(shared))
    return db.session.scalars(select(Person).where(theirs).order_by(Person.id)).all()


def last_asked(post: Post) -> ReviewNote | None:
    """When the editors were last asked to read a post."""
    asked = select(ReviewNote).where(ReviewNote.post_id == post.id, ReviewNote.step == ReviewStep.SUBMITTED)
    return db.session.scalar(asked.order_by(ReviewNote.id.desc()).limit(1))


def review_notes_of(post: Post) -> Sequence[ReviewNote]:
    """The review of a post, step by step, the newest first."""
    return db.session.scalars(
        select(ReviewNote)
        .where(ReviewNote.post_id == post.id)
        .options(joinedload(ReviewNote.person))
        .order_by(ReviewNote.id.desc())
    ).all()
