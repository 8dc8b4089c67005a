"""One row for each time a letter goes out, what is news to its readers, and which posts each letter held."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import SHOWN, Model, Timestamps, states
from webapp.core.words import mark


class RunState(enum.StrEnum):
    """How far a run is. An ``announced`` one waits for its time, and for an editor who may stop it."""

    ANNOUNCED = mark("announced")
    PLANNING = mark("planning")
    FROZEN = mark("frozen")
    DONE = mark("done")
    SKIPPED = mark("skipped")
    FAILED = mark("failed")


STOPPED = mark("stopped before it went out: the next letter covers it")
MISSED = mark("missed: a later letter covers it")
TOO_LATE = mark("more than 48 hours late: the next letter covers it")
STILL_OWED = (STOPPED, MISSED, TOO_LATE)
"""The notes of runs that were skipped though there may have been something in them."""


class DigestRun(Timestamps, Model):
    """A digest for one slot. The unique key is why any number of beats and sweepers make only one.

    ``expected`` readers have a ledger row; ``excluded`` had nothing new. ``cursor`` is the last subscription looked
    at while planning, so that a run that was interrupted goes on where it stopped. ``goes_at`` is when an announced run
    is planned, unless somebody stops it.
    """

    __tablename__ = "digest_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_key: Mapped[str] = mapped_column(String(60))
    slot_at: Mapped[datetime]
    window_start: Mapped[datetime]
    window_end: Mapped[datetime]
    state: Mapped[RunState] = mapped_column(states(RunState), default=RunState.PLANNING)
    cursor: Mapped[int] = mapped_column(default=0)
    expected: Mapped[int] = mapped_column(default=0)
    excluded: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(String(200), default="")
    goes_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("schedule_key", "slot_at"), {"info": SHOWN})


class News(Model):
    """A post as news, once it has been noticed; see :mod:`webapp.digests.news`.

    A letter's window counts by ``appeared_at``, which no edit of the post changes; None: it is not news to anyone.
    ``is_hidden`` while it is not to be read, ``is_again`` once it has come back: some readers may have had it then.
    One that ``is_old`` is from before letters kept what they held, and does not come back.
    """

    __tablename__ = "digest_news"

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    appeared_at: Mapped[datetime | None] = mapped_column(index=True)
    is_hidden: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_again: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_old: Mapped[bool] = mapped_column(default=False, server_default=false())


class Letter(Model):
    """What a mail's content is about, and its unguessable address in the browser."""

    __tablename__ = "letters"

    content_id: Mapped[int] = mapped_column(ForeignKey("mail_contents.id", ondelete="CASCADE"), primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class LetterPost(Model):
    """A post that a letter held. With the ledger, which names content and reader, it says who has had which post."""

    __tablename__ = "letter_posts"

    content_id: Mapped[int] = mapped_column(ForeignKey("letters.content_id", ondelete="CASCADE"), primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True, index=True)
