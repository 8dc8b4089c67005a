"""Reading the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Row, and_, func, select

from webapp.core.days import ALWAYS, Days
from webapp.extensions import db
from webapp.mail.models import Delivery, DeliveryAttempt, Kind, MailContent, State, Suppression

DUE_AT: ColumnElement[datetime] = Delivery.__table__.c.due_at


def due(now: datetime, *, limit: int) -> Sequence[int]:
    """The ids of queued mails whose time has come, oldest first."""
    return db.session.scalars(
        select(Delivery.id)
        .where(Delivery.state == State.QUEUED, Delivery.next_attempt_at <= now)
        .order_by(Delivery.next_attempt_at)
        .limit(limit)
    ).all()


def next_attempt_at() -> datetime | None:
    """When the next queued mail wants to go."""
    return db.session.scalar(select(func.min(Delivery.next_attempt_at)).where(Delivery.state == State.QUEUED))


def waiting_before(until: datetime) -> Iterator[Row[Kind, str, str, datetime, datetime, bool]]:
    """(kind, address, subject, next_attempt_at, expires_at, is_suppressed) of what will be tried before an instant.

    What a worker has claimed but not begun to send is among it. The rows come in pages and are let go of as they pass.
    """
    return iter(
        db.session.execute(
            select(
                Delivery.kind,
                Delivery.address,
                MailContent.subject,
                Delivery.next_attempt_at,
                Delivery.expires_at,
                Suppression.id.is_not(None).label("is_suppressed"),
            )
            .join(MailContent, MailContent.id == Delivery.content_id)
            .outerjoin(Suppression, Suppression.address == Delivery.address)
            .where(Delivery.state.in_([State.QUEUED, State.CLAIMED]), Delivery.next_attempt_at < until)
            .order_by(Delivery.next_attempt_at, Delivery.id)
            .execution_options(yield_per=500)
        )
    )


def newest(
    *, limit: int, address: str | None = None, kind: Kind | None = None, days: Days = ALWAYS
) -> Sequence[Delivery]:
    """The ledger, newest first; with ``days``, what was due on them."""
    rows = select(Delivery).order_by(Delivery.id.desc()).limit(limit)
    if address is not None:
        rows = rows.where(Delivery.address == address)
    if kind is not None:
        rows = rows.where(Delivery.kind == kind)
    if days:
        rows = rows.where(days.hold(DUE_AT))
    return db.session.scalars(rows).all()


def runs_that_wrote_to(address: str, run_ids: Collection[int]) -> set[int]:
    """Those of these runs that have a mail to an address in the ledger."""
    return {
        run_id
        for run_id in db.session.scalars(
            select(Delivery.run_id).where(Delivery.address == address, Delivery.run_id.in_(run_ids))
        )
        if run_id is not None
    }


def by_key(dedupe_key: str) -> Delivery | None:
    """The mail that was written under a key."""
    return db.session.scalar(select(Delivery).where(Delivery.dedupe_key == dedupe_key))


def keys_with(prefix: str) -> ColumnElement[bool]:
    """The condition for the keys that begin so, as a range: that one an index answers, which a LIKE it does not."""
    end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    return and_(Delivery.dedupe_key >= prefix, Delivery.dedupe_key < end)


def cancelled_with(prefix: str) -> int:
    """How many mails under the keys that begin with ``prefix`` were cancelled before they went."""
    rows = select(func.count()).where(keys_with(prefix), Delivery.state == State.CANCELLED)
    return db.session.scalar(rows) or 0


def waiting_keys(address: str, kind: Kind) -> Sequence[str]:
    """The keys of what waits for an address and can still be cancelled."""
    return db.session.scalars(
        select(Delivery.dedupe_key).where(
            Delivery.address == address, Delivery.kind == kind, Delivery.state.in_([State.QUEUED, State.CLAIMED])
        )
    ).all()


def attempts_of(delivery_id: int) -> Sequence[DeliveryAttempt]:
    """What was tried for one mail, in order."""
    return db.session.scalars(
        select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == delivery_id).order_by(DeliveryAttempt.id)
    ).all()


def suppression_of(address: str) -> Suppression | None:
    """Why an address is not written to, if that is so."""
    return db.session.scalar(select(Suppression).where(Suppression.address == address))


def all_ended(run_id: int) -> bool:
    """Whether every mail of a digest run has come to an end."""
    waiting = select(Delivery.id).where(
        Delivery.run_id == run_id, Delivery.state.in_([State.QUEUED, State.CLAIMED, State.SENDING])
    )
    return db.session.scalar(waiting.limit(1)) is None


def oldest_overdue(now: datetime) -> datetime | None:
    """The due time of the mail that has waited longest past its time."""
    return db.session.scalar(
        select(func.min(Delivery.next_attempt_at)).where(
            Delivery.state == State.QUEUED, Delivery.next_attempt_at <= now
        )
    )


def is_waiting(delivery_id: int, now: datetime) -> bool:
    """Whether a mail is queued and its time has come."""
    waiting = select(Delivery.id).where(
        Delivery.id == delivery_id, Delivery.state == State.QUEUED, Delivery.next_attempt_at <= now
    )
    return db.session.scalar(waiting) is not None
