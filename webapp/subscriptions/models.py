"""Readers of the letter, with or without an account."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Model, Timestamps, only_where, states


class SubscriptionState(enum.StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    LEFT = "left"


class Cadence(enum.StrEnum):
    """How often someone is written to, if there is something new."""

    POST = "post"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Subscription(Timestamps, Model):
    """One address that asked for the letter.

    Nothing but the confirmation goes out while it is ``pending``. ``consent`` records how it was asked for: the words
    shown, the page or program, and the caller's address. ``covered_until`` is the instant up to which posts have been
    offered to this reader; it moves in the same transaction that writes the reader's mail into the ledger. ``language``
    is that of the page on which they asked; None is the site's.
    ``starts_afresh`` says that the next letter covers one period at most, for whoever comes back after a long time.

    ``follows`` is a :class:`~webapp.subscriptions.following.Following`, written down. ``weekday``, ``hour`` and
    ``zone`` are None where the site's are meant. ``schedule_key`` is what all readers with the same slots share; nobody
    is in a slot from before ``scheduled_from``, when they chose them.
    """

    __tablename__ = "subscriptions"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(254), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    state: Mapped[SubscriptionState] = mapped_column(states(SubscriptionState), default=SubscriptionState.PENDING)
    consent: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str | None] = mapped_column(String(12))
    asked_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    covered_until: Mapped[datetime | None]
    starts_afresh: Mapped[bool] = mapped_column(default=False, server_default=false())
    follows: Mapped[str] = mapped_column(Text, default="site", server_default="site")
    cadence: Mapped[Cadence] = mapped_column(
        states(Cadence), default=Cadence.WEEKLY, server_default=Cadence.WEEKLY.value
    )
    weekday: Mapped[int | None]
    hour: Mapped[int | None]
    zone: Mapped[str | None] = mapped_column(String(64))
    schedule_key: Mapped[str] = mapped_column(String(60), default="weekly", server_default="weekly")
    scheduled_from: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]

    __table_args__ = (Index("ix_subscriptions_schedule", "schedule_key", "id", **only_where("state = 'active'")),)
