"""What binds a reminder to a post: a condition that is looked at when its time comes, and a time that moves with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import Select, select

from webapp.core.words import mark
from webapp.extensions import db
from webapp.posts.models import Post, PostState
from webapp.reminders.models import Condition, Reminder

LONGEST_LEAD = timedelta(days=30)
SATISFIED_BY = {
    PostState.PUBLISHED: mark("the post is published"),
    PostState.SCHEDULED: mark("the post is scheduled"),
    PostState.TRASHED: mark("the post is in the trash"),
    PostState.DRAFT: mark("the post is a draft again"),
}


@dataclass(frozen=True)
class Bond:
    """How a reminder's post stands. All None: there is no such post any more."""

    state: PostState | None
    publish_at: datetime | None
    version: int | None

    @classmethod
    def of(cls, post: Post | None) -> Self:
        return cls(post.state, post.publish_at, post.version) if post is not None else cls(None, None, None)

    def why_over(self, reminder: Reminder, at: datetime) -> str:
        """Why the reminder is not wanted any more at an instant; empty while its condition holds.

        A post that appears by itself until then counts as published.
        """
        if reminder.condition is Condition.NONE:
            return ""
        if self.state is None:
            return mark("the post is gone")
        is_out = self.state is PostState.SCHEDULED and self.publish_at is not None and self.publish_at <= at
        state = PostState.PUBLISHED if is_out else self.state
        if reminder.condition is Condition.DRAFT:
            return "" if state is PostState.DRAFT else SATISFIED_BY[state]
        if reminder.condition is Condition.UNEDITED:
            return mark("the post has been changed") if is_out or self.version != reminder.post_version else ""
        return "" if state is PostState.SCHEDULED else SATISFIED_BY[state]


def bond_of(reminder: Reminder) -> Bond:
    """How the post of a reminder stands now."""
    if reminder.condition is Condition.NONE or reminder.post_id is None:
        return Bond.of(None)
    return Bond.of(db.session.get(Post, reminder.post_id, populate_existing=True))


def bound_to(post_id: int) -> Select[Reminder]:
    """The reminders, over or not, that depend on how a post stands."""
    return select(Reminder).where(Reminder.post_id == post_id, Reminder.condition != Condition.NONE)
