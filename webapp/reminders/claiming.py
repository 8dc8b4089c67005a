"""The moment a reminder's time has come: who takes it, and what is to become of it. It happens to one caller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, tuple_, update

from webapp.extensions import db
from webapp.mail import guard, holds
from webapp.mail import operations as ledger
from webapp.mail.models import Kind
from webapp.reminders import history, recurrence
from webapp.reminders.bonds import bond_of
from webapp.reminders.models import Reminder, ReminderKind, ReminderState, What

LATE = timedelta(minutes=5)
"""From here on a mail says when it was due."""


@dataclass(frozen=True)
class Claimed:
    """One occurrence that has been taken: when it was due, and whether it is sent, or why not."""

    what: What
    due_at: datetime

    @property
    def is_sent(self) -> bool:
        return self.what in {What.SENT, What.LATE}


def claim(reminder: Reminder, *, now: datetime) -> Claimed | None:
    """Takes a due reminder, or one occurrence of it: not None for exactly one caller.

    ``reminder`` is the row as read; when its version or state is another one by now, nothing happens. While mail is
    held it stays pending. Of a series that has missed several times, the last one that has come is taken and the
    others are left out. One whose time has long passed expires; one whose condition no longer holds cancels itself.
    """
    if guard.keeps_mail_back(now=now):
        return None
    due_at = recurrence.latest(reminder, now)
    why_over = bond_of(reminder).why_over(reminder, now)
    what = _what(reminder, due_at, now, is_over=bool(why_over))
    changes: dict[str, Any] = {"fired_at": now, "updated_at": now}
    if what is What.SATISFIED:
        changes = {"state": ReminderState.CANCELLED, "version": reminder.version + 1, "updated_at": now}
    else:
        if what is What.EXPIRED:
            # a welcome is not worth a letter about itself
            changes = {"missed_at": due_at if reminder.kind is ReminderKind.REMINDER else None, "updated_at": now}
        following = recurrence.next_after(reminder, now)
        if following is None:
            changes["state"] = ReminderState.EXPIRED if what is What.EXPIRED else ReminderState.FIRED
        else:
            wall_time, next_due_at = following
            changes |= {
                "wall_time": wall_time.isoformat(),
                "due_at": next_due_at,
                "version": reminder.version + 1,
                "handed_over_at": None,
                "paused_until": None,
            }
    result = db.session.execute(
        update(Reminder)
        .where(
            Reminder.id == reminder.id,
            Reminder.version == reminder.version,
            Reminder.state == ReminderState.PENDING,
            Reminder.due_at <= now,
            holds.nothing_holds(),
        )
        .values(**changes)
        .execution_options(synchronize_session=False)
    )
    if cast("CursorResult[Any]", result).rowcount != 1:
        return None
    history.note(reminder, what, now=now, due_at=due_at, note=why_over)
    return Claimed(what, due_at)


def note_handed_over(reminders: Sequence[tuple[int, int]], *, now: datetime) -> None:
    """Remembers that the broker has a message for these versions of these reminders."""
    db.session.execute(
        update(Reminder)
        .where(
            tuple_(Reminder.id, Reminder.version).in_(reminders),
            Reminder.state == ReminderState.PENDING,
        )
        .values(handed_over_at=now)
        .execution_options(synchronize_session=False)
    )


def _what(reminder: Reminder, due_at: datetime, now: datetime, *, is_over: bool) -> What:
    if is_over:
        return What.SATISFIED
    if ledger.worth_sending_until(Kind(reminder.kind.value), due_at) <= now:
        return What.EXPIRED
    return What.LATE if now - due_at > LATE else What.SENT
