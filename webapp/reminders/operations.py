"""The rules of a reminder's life. Every edit raises its version, and so silences whatever is under way for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, tuple_, update

from webapp.accounts.models import Person
from webapp.core.errors import Conflict, Refused
from webapp.core.text import many_lines
from webapp.core.words import _, mark
from webapp.extensions import db
from webapp.mail import guard, holds
from webapp.mail import operations as ledger
from webapp.reminders import recurrence as rules
from webapp.reminders import when
from webapp.reminders.models import Reminder, ReminderKind, ReminderState

HORIZON = timedelta(seconds=60)
"""How near a reminder is when the broker gets its message. Further ones wait in the database, where nothing blocks."""

LONGEST_TEXT = 500
KEEP: Any = object()
"""For :func:`edit`: leave this as it is, where None would mean "none"."""


def schedule(
    *,
    person: Person,
    text: str,
    zone: str,
    now: datetime,
    wall_time: datetime | None = None,
    due_at: datetime | None = None,
    recurrence: str | None = None,
    post_id: int | None = None,
) -> Reminder:
    """Sets a reminder, for a naive ``wall_time`` in ``zone`` or for the instant ``due_at``; one of the two.

    Raises :class:`Refused` naming ``text``, ``when``, ``due_at``, ``zone``, ``recurrence``, or ``email`` when the
    person's address is not confirmed: mail goes only where its owner said it may.
    """
    if not person.is_confirmed:
        raise Refused("email", _("Confirm your mail address first. Then we can remind you."))
    reminder = Reminder(person_id=person.id, text=_clean(text), zone=zone, version=1, post_id=post_id)
    _set_time(reminder, wall_time, due_at, now)
    _set_recurrence(reminder, recurrence)
    db.session.add(reminder)
    db.session.flush()
    return reminder


def welcome(*, person: Person, now: datetime) -> Reminder:
    """A new member's welcome: a reminder due at once."""
    reminder = Reminder(
        person_id=person.id, kind=ReminderKind.WELCOME, text="Welcome", zone=person.zone, version=1, post_id=None
    )
    _set_time(reminder, None, now, now)
    db.session.add(reminder)
    return reminder


def edit(
    reminder: Reminder,
    *,
    now: datetime,
    version: int | None = None,
    text: str | None = None,
    wall_time: datetime | None = None,
    due_at: datetime | None = None,
    zone: str | None = None,
    recurrence: Any = KEEP,
    post_id: Any = KEEP,
) -> None:
    """Changes what is given and makes it pending again. ``version`` is the one the editor saw.

    A change of zone alone keeps the wall time. Raises :class:`Conflict` when the version is another one by now, or
    :class:`Refused` as :func:`schedule` does.
    """
    if version is not None and version != reminder.version:
        raise Conflict(_("This reminder has changed since you opened it."))
    is_moved = wall_time is not None or due_at is not None or (zone is not None and zone != reminder.zone)
    if text is not None:
        reminder.text = _clean(text)
    if zone is not None:
        reminder.zone = zone
    if is_moved:
        kept = None if due_at is not None else datetime.fromisoformat(reminder.wall_time)
        _set_time(reminder, wall_time or kept, due_at, now)
    elif reminder.state is not ReminderState.PENDING:
        raise Refused("when", _("This one is over. Give it a new time."))
    if recurrence is not KEEP or is_moved:
        _set_recurrence(reminder, reminder.recurrence if recurrence is KEEP else recurrence)
    if post_id is not KEEP:
        reminder.post_id = post_id
    _renew(reminder, ReminderState.PENDING, now, reason=mark("edited"))


def snooze(reminder: Reminder, *, until: datetime, now: datetime) -> None:
    """Moves this occurrence to a later instant. What repeats goes on from where it was."""
    when.check_due(until, now, field="until")
    _place(reminder, until)
    _renew(reminder, ReminderState.PENDING, now, reason=mark("snoozed"))


def cancel(reminder: Reminder, *, now: datetime) -> None:
    """Nothing more is sent for it. Does nothing when it is cancelled already."""
    if reminder.state is not ReminderState.CANCELLED:
        _renew(reminder, ReminderState.CANCELLED, now, reason=mark("cancelled"))


def finish(reminder: Reminder, *, now: datetime) -> None:
    """Marks it done. A repeating one is done for this time and moves on to its next."""
    following = rules.next_after(reminder, now) if reminder.state is ReminderState.PENDING else None
    if following is None:
        _renew(reminder, ReminderState.DONE, now, reason=mark("done"))
    else:
        wall_time, due_at = following
        _place(reminder, due_at, wall_time)
        _renew(reminder, ReminderState.PENDING, now, reason=mark("done"))


def restore(reminder: Reminder, *, now: datetime) -> None:
    """Undoes a cancellation or a completion. Raises :class:`Refused` when its time has passed meanwhile."""
    if reminder.state is ReminderState.PENDING:
        return
    when.check_due(reminder.due_at, now, field="when")
    _renew(reminder, ReminderState.PENDING, now, reason=mark("restored"))


def claim(reminder: Reminder, *, now: datetime) -> bool:
    """Takes a due reminder, or one occurrence of it, for firing: True for exactly one caller.

    ``reminder`` is the row as read; when its version or state is another one by now, nothing happens. While mail is
    held it stays pending.
    """
    if guard.keeps_mail_back(now=now):
        return False
    following = rules.next_after(reminder, now)
    changes: dict[str, Any] = {"fired_at": now, "updated_at": now}
    if following is None:
        changes |= {"state": ReminderState.FIRED}
    else:
        wall_time, due_at = following
        changes |= {
            "wall_time": wall_time.isoformat(),
            "due_at": due_at,
            "version": reminder.version + 1,
            "handed_over_at": None,
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
    return cast("CursorResult[Any]", result).rowcount == 1


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


def dedupe_key(reminder: Reminder) -> str:
    """The ledger's key for one firing: an edit or the next occurrence has another version, and so another mail."""
    return f"reminder:{reminder.id}:{reminder.version}"


def _clean(text: str) -> str:
    clean = " ".join(many_lines(text, field="text", longest=LONGEST_TEXT).split())
    if not clean:
        raise Refused("text", _("Say what we should remind you of."))
    return clean


def _set_time(reminder: Reminder, wall_time: datetime | None, due_at: datetime | None, now: datetime) -> None:
    when.zone(reminder.zone)
    if (wall_time is None) == (due_at is None):
        raise Refused("when", _("Give one time."))
    field = "when" if due_at is None else "due_at"
    if due_at is None:
        wall_time = cast(datetime, wall_time).replace(tzinfo=None)
        due_at = when.instant(wall_time, reminder.zone)
    when.check_due(due_at, now, field=field)
    _place(reminder, due_at, wall_time)
    reminder.handed_over_at = now if due_at <= now + HORIZON else None


def _place(reminder: Reminder, due_at: datetime, wall_time: datetime | None = None) -> None:
    reminder.due_at = due_at
    reminder.wall_time = (wall_time or when.local(due_at, reminder.zone).replace(tzinfo=None)).isoformat()


def _set_recurrence(reminder: Reminder, rule: str | None) -> None:
    first = datetime.fromisoformat(reminder.wall_time)
    reminder.recurrence = rules.check(rule, first) if rule else None
    reminder.series_start = reminder.wall_time if rule else None


def _renew(reminder: Reminder, state: ReminderState, now: datetime, *, reason: str) -> None:
    """A new version: what is queued for the old one is cancelled, and a near due time is handed over anew."""
    ledger.cancel_waiting(dedupe_key=dedupe_key(reminder), reason=reason, now=now)
    reminder.version += 1
    reminder.state = state
    reminder.handed_over_at = now if state is ReminderState.PENDING and reminder.due_at <= now + HORIZON else None
