"""Whether a post may appear without an editor having read it, and what its appearing says about its review."""

from __future__ import annotations

from datetime import datetime

from webapp.accounts.models import Person, Role
from webapp.core.errors import Refused
from webapp.core.words import later
from webapp.extensions import db
from webapp.posts import notices, queries
from webapp.posts.models import Post, ReviewNote, ReviewState, ReviewStep

MUST_ASK = later("On this site an editor reads a post before it appears. Send it for review.")


def must_ask(post: Post | None, by: Person) -> bool:
    """Whether ``by`` needs an editor's word before this post, or their next one, appears for the first time.

    The word is for the post, not for each sentence: once it is given, or the post has been public, its authors change
    it as they like, and its revisions show what they changed.
    """
    if by.is_allowed(Role.EDITOR):
        return False
    if post is not None and (post.published_at is not None or post.review_state is ReviewState.APPROVED):
        return False
    return queries.is_review_required()


def check(post: Post, by: Person) -> None:
    """Raises :class:`Refused` where an editor has to be asked first."""
    if must_ask(post, by):
        raise Refused("", MUST_ASK)


def settle(post: Post, by: Person, now: datetime) -> None:
    """Ends a review that is under way, since ``by`` lets the post appear: an editor has approved of it by that."""
    if post.review_state not in {ReviewState.WAITING, ReviewState.CHANGES}:
        return
    is_editor = by.is_allowed(Role.EDITOR)
    post.review_state = ReviewState.APPROVED if is_editor else None
    note(post, ReviewStep.APPROVED if is_editor else ReviewStep.WITHDRAWN, by, now)


def note(post: Post, step: ReviewStep, by: Person, now: datetime, words: str = "") -> None:
    """Writes a step of the review down, and to those whose turn it is."""
    written = ReviewNote(post_id=post.id, person_id=by.id, step=step, note=words, created_at=now)
    db.session.add(written)
    notices.told(written, post, by=by, now=now)
