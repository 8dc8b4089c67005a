"""Readers of the letter, with or without an account."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Model, Timestamps, only_where, states

ANSWER_WITHIN = timedelta(days=30)
"""Who was asked whether they still want letters, and has not answered for so long, gets none until they do."""


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

    def is_faster_than(self, other: Cadence) -> bool:
        """Whether a letter at this cadence comes before one at the other."""
        order = list(Cadence)
        return order.index(self) < order.index(other)


class Subscription(Timestamps, Model):
    """One address that asked for the letter.

    Nothing but the confirmation goes out while it is ``pending``. ``consent`` records how it was asked for: the words
    shown, the page or program, and the caller's address. ``covered_until`` is the instant up to which posts have been
    offered to this reader; it moves in the same transaction that writes the reader's mail into the ledger. ``language``
    is that of the page on which they asked; None is the site's.
    ``starts_afresh`` says that the next letter covers one period at most, for whoever comes back after a long time.

    ``follows`` is a :class:`~webapp.subscriptions.following.Following`, written down; ``cadence`` is that of all in it
    that has none of its own. ``weekday``, ``hour`` and ``zone`` are None where the site's are meant. ``schedule_key``
    is what all readers with the same slots share: those of the most frequent letter a reader gets, which the others
    join when their day comes. Nobody is in a slot from before ``scheduled_from``, when they chose them.
    ``each_post_from`` is since when something is mailed as soon as it appears; None: nothing is. Where cadences differ,
    ``had_since`` are the posts that came, or will not come, although they appeared after ``covered_until``.

    ``last_sign_at`` is when the reader last did something, and ``asked_again_at`` since when we wait to hear whether
    they still want letters.
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
    each_post_from: Mapped[datetime | None]
    had_since: Mapped[str] = mapped_column(Text, default="", server_default="")
    paused_until: Mapped[datetime | None]
    last_sign_at: Mapped[datetime | None]
    asked_again_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_subscriptions_schedule", "schedule_key", "id", **only_where("state = 'active'")),
        Index("ix_subscriptions_each_post", "id", **only_where("state = 'active' AND each_post_from IS NOT NULL")),
    )
