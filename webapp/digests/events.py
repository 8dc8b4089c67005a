"""What this feature does when something happens elsewhere."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import gettext

from webapp.core import clock, week, weekly
from webapp.digests import opening, operations, queries
from webapp.digests.models import RunState
from webapp.posts.models import Post
from webapp.posts.signals import post_hidden


def connect() -> None:
    """Connects the listeners, once a process."""
    week.asked.connect(_this_week)
    post_hidden.connect(_withdraw)


def _withdraw(post: Post, *, now: datetime) -> None:
    operations.withdraw(post, now=now)


def _this_week(_sender: object, *, start: date, end: date, person: Any = None) -> list[week.Entry]:
    """The letters of a week: those that went out, and the one to come."""
    first, last = week.instants(start, end, person)
    gone = [
        week.Entry(at=run.slot_at, label=gettext("The digest went out"), url=None, state="past")
        for run in queries.between(first, last)
        if run.state in {RunState.FROZEN, RunState.DONE} and run.schedule_key in {opening.WEEKLY, opening.NOW}
    ]
    now = clock.now()
    coming = [
        week.Entry(at=slot, label=gettext("The digest goes out"), url=None, state="coming")
        for slot in (opening.latest_slot(now=now), weekly.letter().after(now))
        if slot is not None and first <= slot < last and queries.run_for(opening.WEEKLY, slot) is None
    ]
    return gone + coming
