"""What the house knows about its own state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select, text, true
from sqlalchemy.orm import lazyload

from webapp.accounts.models import Person, Role
from webapp.audit.models import AuditEntry
from webapp.core.days import ALWAYS, Days
from webapp.digests import opening
from webapp.digests.models import DigestRun
from webapp.extensions import db
from webapp.mail.models import Delivery, DeliveryAttempt, Kind, MailHold, State
from webapp.ops.models import Heartbeat
from webapp.reminders import history
from webapp.reminders import queries as reminders
from webapp.reminders.models import Recipient, Reminder, ReminderState
from webapp.subscriptions.models import Subscription

NOBODY_HOME = 421
"""What a server says that takes no mail at all at present (RFC 5321 4.2.2)."""

DUE_AT: ColumnElement[datetime] = Delivery.__table__.c.due_at

NOT_SENT = (State.FAILED, State.SUPPRESSED, State.CANCELLED, State.EXPIRED, State.UNCERTAIN, State.SKIPPED)


def answers() -> bool:
    """Asks the database for nothing in particular."""
    return bool(db.session.scalar(text("SELECT 1")) == 1)


def last_seen(name: str) -> datetime | None:
    """When this part of the house last showed a sign of life."""
    return db.session.scalar(select(Heartbeat.seen_at).where(Heartbeat.name == name))


def heartbeats() -> Sequence[Heartbeat]:
    """The last sign of life of everybody who ever gave one, by name."""
    return db.session.scalars(select(Heartbeat).order_by(Heartbeat.name)).all()


def holds() -> Sequence[MailHold]:
    """Why nothing is sent, if that is so; oldest first."""
    return db.session.scalars(select(MailHold).where(MailHold.released_at.is_(None)).order_by(MailHold.id)).all()


def oldest_pending_reminder() -> datetime | None:
    """The due time of the reminder that has waited longest, or will be the next."""
    return db.session.scalar(select(func.min(Reminder.due_at)).where(Reminder.state == ReminderState.PENDING))


def oldest_waiting_mail() -> datetime | None:
    """Since when the queued mail that has waited longest could have gone; what a server put off is not counted.

    It counts from the due time, or from when the mail was written or queued again, if that was later.
    """
    queued_at = func.coalesce(Delivery.repeated_at, Delivery.created_at)
    could_go_at: ColumnElement[datetime] = case((Delivery.due_at > queued_at, Delivery.due_at), else_=queued_at)
    return db.session.scalar(
        select(func.min(could_go_at)).where(
            Delivery.state == State.QUEUED,
            or_(
                Delivery.smtp_code.is_(None),
                Delivery.smtp_code == NOBODY_HOME,
                Delivery.smtp_code >= 500,  # a 5xx that left it in the queue was said to us, not about this mail
            ),
        )
    )


def last_release() -> datetime | None:
    """When mail that was held was last let go."""
    return db.session.scalar(select(func.max(MailHold.released_at)))


def operators() -> Sequence[Person]:
    """Those who run the house and have confirmed their address."""
    return db.session.scalars(
        select(Person)
        .where(Person.role.in_([Role.OPERATOR, Role.ADMIN]), Person.email_confirmed_at.is_not(None))
        .order_by(Person.id)
    ).all()


def uncertain_mails() -> int:
    """How many mails may or may not have arrived, and wait for somebody to say so."""
    return db.session.scalar(select(func.count(Delivery.id)).where(Delivery.state == State.UNCERTAIN)) or 0


def latest_failures(*, limit: int) -> Sequence[Delivery]:
    """What was refused or came too late, the newest first: each may be sent once more."""
    return db.session.scalars(
        select(Delivery)
        .where(Delivery.state.in_([State.FAILED, State.EXPIRED]))
        .order_by(Delivery.id.desc())
        .limit(limit)
    ).all()


def attempts_of(delivery_ids: Sequence[int]) -> dict[int, list[DeliveryAttempt]]:
    """What was tried for each of these mails, in order."""
    found: dict[int, list[DeliveryAttempt]] = {}
    for each in db.session.scalars(
        select(DeliveryAttempt).where(DeliveryAttempt.delivery_id.in_(delivery_ids)).order_by(DeliveryAttempt.id)
    ):
        found.setdefault(each.delivery_id, []).append(each)
    return found


def decisions_on(delivery_ids: Sequence[int]) -> dict[int, list[AuditEntry]]:
    """What somebody decided about each of these mails, in order."""
    by_subject = {f"mail {each}": each for each in delivery_ids}
    found: dict[int, list[AuditEntry]] = {}
    for entry in db.session.scalars(
        select(AuditEntry).where(AuditEntry.subject.in_(by_subject)).order_by(AuditEntry.id)
    ):
        found.setdefault(by_subject[entry.subject], []).append(entry)
    return found


def reminder_of(delivery: Delivery) -> Reminder | None:
    """The reminder that a mail carries, by the key it was written under."""
    to_other = delivery.dedupe_key.endswith(history.OTHER)
    number = history.reminder_in(delivery.dedupe_key, to_other=to_other)
    return db.session.get(Reminder, number) if number is not None else None


def owner_of(reminder: Reminder) -> Person:
    """Whose reminder it is."""
    return db.session.get_one(Person, reminder.person_id)


def request_of(delivery: Delivery) -> Recipient | None:
    """What a mail asked for, if it asked the owner of an address whether they may be reminded; with whoever asks."""
    number = history.recipient_in(delivery.dedupe_key)
    return reminders.recipient_behind(number) if number is not None else None


def run_of(delivery: Delivery) -> DigestRun | None:
    """The digest run that a mail belongs to."""
    return db.session.get(DigestRun, delivery.run_id) if delivery.run_id else None


def reader_of(delivery: Delivery) -> Subscription | None:
    """The reader of the letter that a mail went to."""
    return db.session.get(Subscription, delivery.reader_id) if delivery.reader_id else None


def ledger(
    *,
    limit: int,
    below: int | None = None,
    address: str | None = None,
    kind: Kind | None = None,
    state: State | None = None,
    days: Days = ALWAYS,
) -> Sequence[Delivery]:
    """The ledger, newest first, from below an id; with ``days``, what was due on them."""
    rows = select(Delivery).order_by(Delivery.id.desc()).limit(limit)
    for column, value in ((Delivery.address, address), (Delivery.kind, kind), (Delivery.state, state)):
        if value is not None:
            rows = rows.where(column == value)
    if days:
        rows = rows.where(days.hold(DUE_AT))
    if below is not None:
        rows = rows.where(Delivery.id < below)
    return db.session.scalars(rows).all()


@dataclass(frozen=True)
class NotReached:
    """Somebody whom a run did not reach, with the mail that was meant for them if there is one."""

    address: str
    subscription: Subscription
    delivery: Delivery | None


def _is_for(run: DigestRun) -> ColumnElement[bool]:
    """Whose letters are those of a run, as they have chosen by now."""
    columns = Subscription.__table__.c
    if run.schedule_key == opening.NOW:
        return true()
    if run.schedule_key == opening.POST:
        return columns.each_post_from.is_not(None)
    return columns.schedule_key == run.schedule_key


def not_reached(run: DigestRun, *, limit: int) -> list[NotReached]:
    """Everyone on the list, past or present, whose mail of this run did not go out, or who has none; by address."""
    rows = db.session.execute(
        select(Subscription, Delivery)
        .outerjoin(Delivery, and_(Delivery.reader_id == Subscription.id, Delivery.run_id == run.id))
        .where(
            or_(and_(Delivery.id.is_(None), _is_for(run)), Delivery.state.in_(NOT_SENT)),
            Subscription.asked_at <= run.slot_at,
        )
        .order_by(Subscription.address)
        .limit(limit)
        .options(lazyload(Delivery.content))  # to load it would ask for an inner join, and so leave out who has no mail
    )
    return [NotReached(reader.address, reader, delivery) for reader, delivery in rows]
