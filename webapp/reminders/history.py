"""What has happened to a reminder: written down as it happens, and read again by its person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from webapp.extensions import db
from webapp.mail.models import Delivery
from webapp.reminders.models import Origin, Reminder, ReminderEvent, What

MOST = 200
"""How many of a reminder's events are read, the newest. A daily one has that many in a year."""

OTHER = ":other"


class Occurrence(NamedTuple):
    """One time that a reminder comes."""

    due_at: datetime
    wall_time: str


def occurrence(reminder: Reminder) -> Occurrence:
    """The time it comes next, to be kept before that changes."""
    return Occurrence(reminder.due_at, reminder.wall_time)


def note(
    reminder: Reminder,
    what: What,
    *,
    now: datetime,
    origin: Origin = Origin.HOUSE,
    before: Occurrence | None = None,
    due_at: datetime | None = None,
    version: int | None = None,
    note: str = "",
) -> None:
    """Writes down what happens to a reminder, while its version is still the old one.

    ``before`` is the time it had, when that has changed already; ``due_at`` is the occurrence when it is another one,
    and ``version`` likewise.
    """
    was = before or occurrence(reminder)
    db.session.add(
        ReminderEvent(
            reminder_id=reminder.id,
            at=now,
            what=what,
            origin=origin,
            due_at=due_at or was.due_at,
            wall_time=was.wall_time,
            version=version or reminder.version,
            note=note[:100],
        )
    )


def of(reminder: Reminder, *, limit: int = MOST) -> Sequence[ReminderEvent]:
    """A reminder's events, newest first."""
    return db.session.scalars(
        select(ReminderEvent)
        .where(ReminderEvent.reminder_id == reminder.id)
        .order_by(ReminderEvent.id.desc())
        .limit(limit)
    ).all()


def latest(reminder: Reminder) -> ReminderEvent | None:
    """The last thing that happened to it."""
    return next(iter(of(reminder, limit=1)), None)


def before_pause(reminder: Reminder) -> Occurrence | None:
    """The time that it had when it was paused, if nothing else has happened to it since."""
    last = latest(reminder)
    return Occurrence(last.due_at, last.wall_time) if last is not None and last.what is What.PAUSED else None


def latest_of(reminders: Sequence[Reminder]) -> dict[int, ReminderEvent]:
    """The last thing that happened to each of these, by the reminder's id."""
    ids = [reminder.id for reminder in reminders]
    if not ids:
        return {}
    newest = (
        select(ReminderEvent.id)
        .where(ReminderEvent.reminder_id == Reminder.id)
        .order_by(ReminderEvent.id.desc())
        .limit(1)
        .correlate(Reminder)
        .scalar_subquery()
    )
    found = db.session.scalars(
        select(ReminderEvent).join(Reminder, ReminderEvent.id == newest).where(Reminder.id.in_(ids))
    )
    return {event.reminder_id: event for event in found}


def dedupe_key(reminder_id: int, version: int, *, to_other: bool = False) -> str:
    """The ledger's key for one firing: an edit or the next occurrence has another version, and so another mail.

    The one to somebody else has a key of its own.
    """
    return f"{stem(reminder_id)}{version}" + (OTHER if to_other else "")


def stem(reminder_id: int) -> str:
    """What the keys of all firings of a reminder begin with."""
    return f"reminder:{reminder_id}:"


def reminder_in(key: str, *, to_other: bool = False) -> int | None:
    """The number of the reminder that a key of the ledger is about; None for a key of anything else."""
    word, _, rest = key.partition(":")
    number = rest.partition(":")[0]
    is_it = word == "reminder" and number.isdecimal() and key.endswith(OTHER) is to_other
    return int(number) if is_it else None


def version_in(key: str) -> int:
    """The version in a key of a reminder."""
    return int(key.split(":")[2])


def request_key(recipient_id: int, number: int) -> str:
    """The ledger's key of the ``number``-th mail that asks the owner of an address."""
    return f"remind-ask:{recipient_id}:{number}"


def recipient_in(key: str) -> int | None:
    """The number of the recipient that a mail asks; None for a key of anything else."""
    word, _, rest = key.partition(":")
    number = rest.partition(":")[0]
    return int(number) if word == "remind-ask" and number.isdecimal() else None


def deliveries(events: Sequence[ReminderEvent]) -> dict[int, Delivery]:
    """How the mails of these sendings stand in the ledger, by the event's id."""
    keys = {
        dedupe_key(event.reminder_id, event.version, to_other=event.what is What.PASSED_ON): event.id
        for event in events
        if event.what in {What.SENT, What.LATE, What.PASSED_ON}
    }
    found = db.session.scalars(select(Delivery).where(Delivery.dedupe_key.in_(keys)))
    return {keys[delivery.dedupe_key]: delivery for delivery in found}
