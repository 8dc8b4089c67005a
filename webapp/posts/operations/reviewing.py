"""An author asks an editor to read a draft; an editor says what to change, or lets it appear."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, update

from webapp.accounts.models import Person
from webapp.audit import operations as audit
from webapp.core import text
from webapp.core.errors import Conflict, Refused
from webapp.core.words import _, later
from webapp.extensions import db
from webapp.posts import queries
from webapp.posts.models import Post, PostState, ReviewState, ReviewStep
from webapp.posts.operations import gate, publishing
from webapp.posts.operations.saving import CHANGED
from webapp.settings.models import SiteSetting

LONGEST_NOTE = 2000
MOVED_ON = later("This post is not waiting for a review any more.")


def submit(post: Post, *, by: Person, now: datetime, words: str = "") -> None:
    """Asks the editors to read a draft. One that waits already goes on waiting."""
    words = _note(words)
    if post.state is not PostState.DRAFT:
        raise Refused("", _("Only a draft is sent for review."))
    if post.review_state is ReviewState.WAITING:
        return
    publishing.require_text(post)
    _pass(post, post.review_state, ReviewState.WAITING)
    gate.note(post, ReviewStep.SUBMITTED, by, now, words)


def take_back(post: Post, *, by: Person, now: datetime) -> None:
    """The author asks no more, and keeps on writing."""
    if post.review_state in {ReviewState.WAITING, ReviewState.CHANGES}:
        _pass(post, post.review_state, None)
        gate.note(post, ReviewStep.WITHDRAWN, by, now)


def ask_for_changes(post: Post, *, by: Person, now: datetime, words: str) -> None:
    """Sends a post back to its authors with a word on what to do. Raises :class:`Refused` for ``note`` without one."""
    words = _note(words)
    if not words:
        raise Refused("note", _("Say what should change."))
    _require_waiting(post)
    _pass(post, ReviewState.WAITING, ReviewState.CHANGES)
    gate.note(post, ReviewStep.CHANGES, by, now, words)


def approve(
    post: Post, *, by: Person, now: datetime, version: int | None, at: datetime | None = None, words: str = ""
) -> None:
    """Lets a post appear, now or ``at`` an instant. ``version`` is the one the editor has read."""
    words = _note(words)
    _require_waiting(post)
    if version is not None and version != post.version:
        raise Conflict(CHANGED)
    post.review_state = ReviewState.APPROVED
    if at is None:
        publishing.publish(post, by=by, now=now)
    else:
        publishing.schedule(post, at=at, by=by, now=now)
    gate.note(post, ReviewStep.APPROVED, by, now, words)


def require(*, is_required: bool, by: Person, now: datetime) -> None:
    """Says whether authors of this site have their posts read before these appear."""
    db.session.merge(SiteSetting(name=queries.REVIEW_SETTING, value={"required": is_required}))
    audit.record(
        "review.required" if is_required else "review.optional", "site", now=now, actor=by.email, person_id=by.id
    )


def _require_waiting(post: Post) -> None:
    if post.review_state is not ReviewState.WAITING:
        raise Refused("", MOVED_ON)


def _pass(post: Post, was: ReviewState | None, will_be: ReviewState | None) -> None:
    """Moves a post on, once. Its words stay as they are and so does its version: nobody who writes is interrupted."""
    moved = (
        update(Post)
        .where(Post.id == post.id, Post.review_state.is_not_distinct_from(was))
        .values(review_state=will_be, updated_at=Post.updated_at)
        .execution_options(synchronize_session=False)
    )
    if cast("CursorResult[Any]", db.session.execute(moved)).rowcount != 1:
        raise Conflict(MOVED_ON)
    db.session.refresh(post, ["review_state"])


def _note(raw: str) -> str:
    return text.many_lines(raw, field="note", longest=LONGEST_NOTE).strip()
