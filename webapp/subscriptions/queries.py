"""Reading who gets the letter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, select

from webapp.accounts.models import Person, Role
from webapp.extensions import db
from webapp.mail.models import Delivery, Kind, Suppression
from webapp.subscriptions.models import Subscription, SubscriptionState


def by_address(address: str) -> Subscription | None:
    """The row of a normalised address, whatever its state."""
    return db.session.scalar(select(Subscription).where(Subscription.address == address))


def visible_to(person: Person) -> Select[Subscription]:
    """Every subscription for operators; for anyone else that of their own address, once they have confirmed it."""
    found = select(Subscription)
    if person.is_allowed(Role.OPERATOR):
        return found
    return found.where(Subscription.address == person.email if person.is_confirmed else false())


def active_after(cursor: int, limit: int) -> Sequence[Subscription]:
    """A page of those who get the letter, by id, from behind ``cursor``; locked until the transaction ends.

    The lock makes whoever leaves in that moment wait, and then find the mail that was just written down for them.
    """
    return db.session.scalars(
        select(Subscription)
        .where(Subscription.id > cursor, Subscription.state == SubscriptionState.ACTIVE)
        .order_by(Subscription.id)
        .limit(limit)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def confirmations_of(subscription: Subscription) -> Sequence[datetime]:
    """When each confirmation for a reader was written into the ledger, oldest first."""
    return db.session.scalars(
        select(Delivery.due_at)
        .where(Delivery.reader_id == subscription.id, Delivery.kind == Kind.CONFIRM)
        .order_by(Delivery.id)
    ).all()


def standings(cursors: Sequence[int] = ()) -> list[tuple[tuple[Any, ...], int]]:
    """Where the active readers stand, and how many in each place; never a row for each of them.

    A place is (covered_until, is_suppressed, one flag for each of ``cursors``: is the reader behind it).
    """
    places = (
        select(*_place(cursors))
        .outerjoin(Suppression, Suppression.address == Subscription.address)
        .where(Subscription.state == SubscriptionState.ACTIVE)
        .subquery()
    )
    rows = db.session.execute(select(*places.c, func.count()).group_by(*places.c).order_by(*places.c))
    return [(tuple(place), count) for *place, count in rows]


def standing_at(place: Sequence[Any], cursors: Sequence[int] = ()) -> Iterator[str]:
    """The addresses of the readers in one of the places that :func:`standings` tells of."""
    is_there = and_(*(column.is_not_distinct_from(value) for column, value in zip(_place(cursors), place, strict=True)))
    return iter(
        db.session.scalars(
            select(Subscription.address)
            .outerjoin(Suppression, Suppression.address == Subscription.address)
            .where(Subscription.state == SubscriptionState.ACTIVE, is_there)
            .order_by(Subscription.id)
            .execution_options(yield_per=1000)
        )
    )


def in_state(state: SubscriptionState) -> int:
    """How many readers are in a state."""
    return db.session.scalar(select(func.count(Subscription.id)).where(Subscription.state == state)) or 0


def _place(cursors: Sequence[int]) -> list[ColumnElement[Any]]:
    return [
        Subscription.__table__.c.covered_until,
        Suppression.__table__.c.id.is_not(None).label("is_suppressed"),
        *((Subscription.__table__.c.id > cursor).label(f"is_behind_{nth}") for nth, cursor in enumerate(cursors)),
    ]
