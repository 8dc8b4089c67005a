"""Reading who gets the letter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, false, select

from webapp.accounts.models import Person, Role
from webapp.extensions import db
from webapp.mail.models import Delivery, Kind
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
