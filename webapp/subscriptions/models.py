"""Readers of the letter, with or without an account."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Model, Timestamps, states


class SubscriptionState(enum.StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    LEFT = "left"


class Subscription(Timestamps, Model):
    """One address that asked for the letter.

    Nothing but the confirmation goes out while it is ``pending``. ``consent`` records how it was asked for: the words
    shown, the page or program, and the caller's address. ``covered_until`` is the instant up to which posts have been
    offered to this reader; it moves in the same transaction that writes the reader's mail into the ledger. ``language``
    is that of the page on which they asked; None is the site's.
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
