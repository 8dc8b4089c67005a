"""Reading reminders: what a person may see, and what is due."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from webapp.accounts.models import Person
from webapp.core.days import ALWAYS, Days
from webapp.core.pagination import Place, above, below
from webapp.extensions import db
from webapp.mail.models import Delivery, Kind, State, Suppression
from webapp.posts.models import Post
from webapp.reminders import history as events
from webapp.reminders.bonds import Bond
from webapp.reminders.models import COMING, Condition, Leave, Recipient, Reminder, ReminderKind, ReminderState

DUE_AT: ColumnElement[datetime] = Reminder.__table__.c.due_at
ID: ColumnElement[int] = Reminder.__table__.c.id


def owned_by(person: Person) -> Select[Reminder]:
    """The reminders this person set. The welcome is not one of them."""
    return select(Reminder).where(Reminder.person_id == person.id, Reminder.kind == ReminderKind.REMINDER)


def get_owned(person: Person, reminder_id: int, *, to_change: bool = False) -> Reminder | None:
    """One reminder of this person's; ``to_change`` holds it until the transaction ends."""
    found = owned_by(person).where(Reminder.id == reminder_id)
    return db.session.scalar(found.with_for_update() if to_change else found)


def get_mailed(reminder_id: int, *, to_change: bool = False) -> Reminder | None:
    """The reminder that a signed link in a mail is about, whosever it is."""
    found = select(Reminder).where(Reminder.id == reminder_id, Reminder.kind == ReminderKind.REMINDER)
    return db.session.scalar(found.with_for_update() if to_change else found)


def coming_up(
    person: Person, *, after: Place | None = None, limit: int = 200, days: Days = ALWAYS
) -> Sequence[Reminder]:
    """What is still to come, on these days, soonest first; with ``after``, from the one that follows that place."""
    found = owned_by(person).where(Reminder.state.in_(COMING))
    if after is not None:
        found = found.where(above(DUE_AT, ID, after))
    if days:
        found = found.where(days.hold(DUE_AT))
    return db.session.scalars(found.order_by(Reminder.due_at, Reminder.id).limit(limit)).all()


def history(person: Person, *, before: Place | None = None, limit: int = 100) -> Sequence[Reminder]:
    """What has been, newest first; with ``before``, from the one that follows that place."""
    found = owned_by(person).where(Reminder.state.not_in(COMING))
    if before is not None:
        found = found.where(below(DUE_AT, ID, before))
    return db.session.scalars(found.order_by(Reminder.due_at.desc(), Reminder.id.desc()).limit(limit)).all()


def came_since(person: Person, moment: datetime, *, limit: int = 20) -> Sequence[Reminder]:
    """What was sent after an instant and is neither done nor cancelled, newest first."""
    return db.session.scalars(
        owned_by(person)
        .where(Reminder.state == ReminderState.FIRED, Reminder.fired_at > moment)
        .order_by(Reminder.fired_at.desc(), Reminder.id.desc())
        .limit(limit)
    ).all()


def twin_of(reminder: Reminder, *, since: datetime) -> Reminder | None:
    """The same thing, set by the same person for the same minute after ``since``: a form that was sent twice.

    The person's row is held until the transaction ends, so that of two requests at once the second sees the first.
    """
    db.session.execute(select(Person.id).where(Person.id == reminder.person_id).with_for_update())
    minute = timedelta(minutes=1)
    return db.session.scalar(
        select(Reminder)
        .where(
            Reminder.id != reminder.id,
            Reminder.person_id == reminder.person_id,
            Reminder.kind == ReminderKind.REMINDER,
            Reminder.state == ReminderState.PENDING,
            Reminder.text == reminder.text,
            Reminder.due_at > reminder.due_at - minute,
            Reminder.due_at < reminder.due_at + minute,
            Reminder.created_at > since,
        )
        .limit(1)
    )


def recipients_of(person: Person) -> Select[Recipient]:
    """Whom this person has asked to be allowed to remind, and has not taken that back; by address."""
    return (
        select(Recipient)
        .where(Recipient.person_id == person.id, Recipient.taken_back_at.is_(None))
        .order_by(Recipient.address)
    )


def open_recipients_of(person: Person) -> Sequence[Recipient]:
    """Those of them who have said yes."""
    return db.session.scalars(recipients_of(person).where(Recipient.leave == Leave.ACCEPTED)).all()


def get_recipient(person: Person, recipient_id: int, *, to_change: bool = False) -> Recipient | None:
    """One of them; ``to_change`` holds it until the transaction ends."""
    found = recipients_of(person).where(Recipient.id == recipient_id)
    return db.session.scalar(found.with_for_update() if to_change else found)


def asked_of(person: Person) -> Select[Recipient]:
    """Who has asked to remind this person at their confirmed address, with those who ask; the newest first."""
    return (
        select(Recipient)
        .where(Recipient.address == person.email if person.is_confirmed else false(), Recipient.taken_back_at.is_(None))
        .options(joinedload(Recipient.person))
        .order_by(Recipient.asked_at.desc(), Recipient.id.desc())
    )


def get_asked(person: Person, recipient_id: int) -> Recipient | None:
    """One of them, held until the transaction ends."""
    found = asked_of(person).where(Recipient.id == recipient_id)
    return db.session.scalar(found.with_for_update(of=Recipient))


def recipient_behind(recipient_id: int, *, to_change: bool = False) -> Recipient | None:
    """The recipient that a signed link is about, with whoever asked; ``to_change`` holds it."""
    found = select(Recipient).where(Recipient.id == recipient_id).options(joinedload(Recipient.person, innerjoin=True))
    if to_change:
        found = found.with_for_update(of=Recipient).execution_options(populate_existing=True)
    return db.session.scalar(found)


def asking(address: str, *, limit: int = 20) -> Sequence[Recipient]:
    """Who wants to remind the owner of an address, whatever came of it, with those who ask; the newest first."""
    return db.session.scalars(
        select(Recipient)
        .where(Recipient.address == address)
        .options(joinedload(Recipient.person))
        .order_by(Recipient.id.desc())
        .limit(limit)
    ).all()


def due_between(person: Person, start: datetime, end: datetime, *, limit: int = 100) -> Sequence[Reminder]:
    """This person's reminders, pending or over, with a due time in ``[start, end)``; cancelled ones are left out."""
    return db.session.scalars(
        owned_by(person)
        .where(Reminder.due_at >= start, Reminder.due_at < end, Reminder.state != ReminderState.CANCELLED)
        .order_by(Reminder.due_at)
        .limit(limit)
    ).all()


def to_fire(reminder_id: int) -> Reminder | None:
    """A reminder with its person."""
    return db.session.scalar(
        select(Reminder)
        .where(Reminder.id == reminder_id)
        .options(joinedload(Reminder.person))
        .execution_options(populate_existing=True)
    )


def next_due_at(after: datetime) -> datetime | None:
    """The due time of the next pending reminder after an instant."""
    return db.session.scalar(
        select(func.min(Reminder.due_at)).where(Reminder.state == ReminderState.PENDING, Reminder.due_at > after)
    )


class Pending(NamedTuple):
    """A reminder to come with where its mail goes, which of that is not written to, and how its post stands."""

    reminder: Reminder
    address: str
    is_suppressed: bool
    is_other_suppressed: bool
    bond: Bond


def pending_before(until: datetime) -> Iterator[Pending]:
    """What is pending and due before an instant, soonest first.

    The rows come in pages and are let go of as they pass.
    """
    of_other = aliased(Suppression)
    rows = db.session.execute(
        select(
            Reminder,
            Person.email,
            Suppression.id.is_not(None),
            of_other.id.is_not(None),
            Post.state,
            Post.publish_at,
            Post.version,
        )
        .join(Person, Person.id == Reminder.person_id)
        .outerjoin(Suppression, Suppression.address == Person.email)
        .outerjoin(Recipient, Recipient.id == Reminder.recipient_id)
        .outerjoin(of_other, of_other.address == Recipient.address)
        .outerjoin(Post, and_(Post.id == Reminder.post_id, Reminder.condition != Condition.NONE))
        .where(Reminder.state == ReminderState.PENDING, Reminder.due_at < until)
        .order_by(Reminder.due_at, Reminder.id)
        .execution_options(yield_per=500)
    )
    return (Pending(*each[:4], Bond(*each[4:])) for each in rows)


def is_being_mailed(person_id: int) -> bool:
    """Whether a reminder for this person is on its way, or waits for the mail server to take it."""
    on_its_way = (
        select(Delivery.id)
        .join(Person, Person.email == Delivery.address)
        .where(
            Person.id == person_id,
            Delivery.kind == Kind.REMINDER,
            Delivery.state.in_([State.QUEUED, State.CLAIMED, State.SENDING]),
        )
    )
    return db.session.scalar(on_its_way.limit(1)) is not None


def expiring(now: datetime) -> list[tuple[str, str]]:
    """Whose reminders wait in the ledger although their time has passed, as :func:`untold`: they will be told, too."""
    waiting = db.session.execute(
        select(Delivery.dedupe_key, Delivery.address)
        .outerjoin(Suppression, Suppression.address == Delivery.address)
        .where(
            Delivery.state == State.QUEUED,
            Delivery.kind == Kind.REMINDER,
            Delivery.expires_at <= now,
            Suppression.id.is_(None),
        )
    )
    found = {number: address for key, address in waiting if (number := events.reminder_in(key)) is not None}
    zones = db.session.execute(select(Reminder.id, Reminder.zone).where(Reminder.id.in_(found)))
    return [(found[number], zone) for number, zone in zones]


def untold() -> list[tuple[str, str]]:
    """Who has expired reminders and has not been told, as (address, zone); but not who is not written to any more."""
    rows = db.session.execute(
        select(Person.email, Person.zone)
        .join(Reminder, Reminder.person_id == Person.id)
        .outerjoin(Suppression, Suppression.address == Person.email)
        .where(Reminder.missed_at.is_not(None), Suppression.id.is_(None))
        .distinct()
    )
    return [(address, zone) for address, zone in rows]


def oldest_overdue(now: datetime) -> datetime | None:
    """The due time of the pending reminder that is latest."""
    return db.session.scalar(
        select(func.min(Reminder.due_at)).where(Reminder.state == ReminderState.PENDING, Reminder.due_at <= now)
    )


class Due(NamedTuple):
    """A reminder to be fired: which one, in which version, when."""

    id: int
    version: int
    due_at: datetime

    @property
    def task(self) -> tuple[int, int]:
        """What `reminders.remind` is told."""
        return self.id, self.version


def near(now: datetime, *, horizon: timedelta, limit: int) -> Sequence[Due]:
    """What falls due within the horizon and was never handed over."""
    rows = db.session.execute(
        select(Reminder.id, Reminder.version, Reminder.due_at)
        .where(
            Reminder.state == ReminderState.PENDING,
            Reminder.due_at <= now + horizon,
            Reminder.handed_over_at.is_(None),
        )
        .order_by(Reminder.due_at)
        .limit(limit)
    )
    return [Due(*row) for row in rows]


def unanswered(now: datetime, *, grace: timedelta, again_after: timedelta, limit: int) -> Sequence[Due]:
    """What is due, was handed over, and has not been claimed.

    Its message came before the due time and ``grace`` has passed, or it was offered ``again_after`` ago and nobody
    took it.
    """
    rows = db.session.execute(
        select(Reminder.id, Reminder.version, Reminder.due_at)
        .where(
            Reminder.state == ReminderState.PENDING,
            Reminder.due_at <= now - grace,
            or_(
                Reminder.handed_over_at < Reminder.due_at,
                and_(Reminder.handed_over_at.is_not(None), Reminder.handed_over_at <= now - again_after),
            ),
        )
        .order_by(Reminder.due_at)
        .limit(limit)
    )
    return [Due(*row) for row in rows]
