"""Every mail of the product is a row here before it is a message anywhere else."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core import clock
from webapp.core.db import Model, Timestamps, only_where, states
from webapp.core.words import mark


class Kind(enum.StrEnum):
    """What a mail is for; the value of its ``X-Almanac-Kind`` header."""

    REMINDER = mark("reminder")
    DIGEST = mark("digest")
    POST = mark("post")
    WELCOME = mark("welcome")
    CONFIRM = mark("confirm")
    RESET = mark("reset")
    COMMENT = mark("comment")
    REVIEW = mark("review")
    TEST = mark("test")
    ALARM = mark("alarm")


class State(enum.StrEnum):
    """Where a mail is. ``queued → claimed → sending → sent``; the others are ends, ``uncertain`` until resolved."""

    QUEUED = mark("queued")
    CLAIMED = mark("claimed")
    SENDING = mark("sending")
    SENT = mark("sent")
    FAILED = mark("failed")
    SUPPRESSED = mark("suppressed")
    CANCELLED = mark("cancelled")
    EXPIRED = mark("expired")
    UNCERTAIN = mark("uncertain")
    SKIPPED = mark("skipped")


ENDED = frozenset(
    {State.SENT, State.FAILED, State.SUPPRESSED, State.CANCELLED, State.EXPIRED, State.UNCERTAIN, State.SKIPPED}
)


class MailContent(Model):
    """A mail as rendered, once, for everyone who gets it.

    Where a reader's own value belongs, the text holds ``@@marker:name@@``; ``marker`` is random for each content, so
    that nobody's words can pretend to be such a place.
    """

    __tablename__ = "mail_contents"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(500))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    headers: Mapped[dict[str, Any]]
    marker: Mapped[str] = mapped_column(String(32))
    calendar: Mapped[str | None] = mapped_column(Text)
    """The same thing for a calendar (RFC 5545), where it has a time of its own."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


IN_BYTE_ORDER = String(200).with_variant(String(200, collation="C"), "postgresql")
"""Text whose index finds what begins with something, whatever language the database sorts by."""


class Delivery(Timestamps, Model):
    """One mail to one address: the ledger's row. ``dedupe_key`` is why it can be written twice and exist once."""

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Kind] = mapped_column(states(Kind))
    dedupe_key: Mapped[str] = mapped_column(IN_BYTE_ORDER, unique=True)
    content_id: Mapped[int] = mapped_column(ForeignKey("mail_contents.id"), index=True)
    values: Mapped[dict[str, Any]]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("digest_runs.id", ondelete="SET NULL"), index=True)
    reader_id: Mapped[int | None] = mapped_column(ForeignKey("subscriptions.id", ondelete="SET NULL"), index=True)
    address: Mapped[str] = mapped_column(String(254), index=True)
    message_id: Mapped[str] = mapped_column(String(200), unique=True)
    state: Mapped[State] = mapped_column(states(State), default=State.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    claim_token: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
    due_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime]
    data_started_at: Mapped[datetime | None]
    smtp_code: Mapped[int | None]
    smtp_reply: Mapped[str | None] = mapped_column(Text)
    sent_at: Mapped[datetime | None]
    expires_at: Mapped[datetime]
    skip_reason: Mapped[str | None] = mapped_column(String(200))
    repeated_at: Mapped[datetime | None]
    """When an uncertain reminder was queued once more, with the same Message-ID."""

    content: Mapped[MailContent] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        Index(
            "ix_deliveries_queued",
            "next_attempt_at",
            **only_where("state = 'queued'"),
        ),
        Index(
            "ix_deliveries_leased",
            "lease_until",
            **only_where("state IN ('claimed', 'sending')"),
        ),
        Index(
            "ix_deliveries_sent",
            "sent_at",
            **only_where("sent_at IS NOT NULL"),
        ),
        Index(
            "ix_deliveries_undecided",
            "id",
            **only_where("state = 'uncertain'"),
        ),
    )


class DeliveryAttempt(Model):
    """What happened when a mail was tried; rows are only ever added."""

    __tablename__ = "delivery_attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), index=True)
    phase: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str] = mapped_column(String(20))
    code: Mapped[int | None]
    reply: Mapped[str | None] = mapped_column(Text)
    worker: Mapped[str] = mapped_column(String(100))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_delivery_attempts_put_off", "ended_at", **only_where("outcome IN ('later', 'unreachable')")),
    )


class Suppression(Model):
    """An address that is not written to any more, and why."""

    __tablename__ = "suppressions"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(254), unique=True)
    reason: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class HoldKind(enum.StrEnum):
    """Why nothing is sent: the database may be a copy, the mail server refused our password, an operator said so."""

    COPY = "copy"
    SIGN_IN = "sign-in"
    OPERATOR = "operator"


class MailHold(Model):
    """While one of these is not released, no mail is claimed and none reaches DATA."""

    __tablename__ = "mail_holds"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[HoldKind] = mapped_column(states(HoldKind))
    reason: Mapped[str] = mapped_column(Text)
    placed_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None] = mapped_column(String(254))

    __table_args__ = (Index("ix_mail_holds_active", "kind", unique=True, **only_where("released_at IS NULL")),)
