"""One row for each time the letter goes out."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Model, Timestamps, states
from webapp.core.words import mark


class RunState(enum.StrEnum):
    PLANNING = mark("planning")
    FROZEN = mark("frozen")
    DONE = mark("done")
    SKIPPED = mark("skipped")
    FAILED = mark("failed")


class DigestRun(Timestamps, Model):
    """A digest for one slot. The unique key is why any number of beats and sweepers make only one.

    ``expected`` readers have a ledger row; ``excluded`` had nothing new. ``cursor`` is the last subscription looked
    at while planning, so that a run that was interrupted goes on where it stopped.
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
    ended_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("schedule_key", "slot_at"),)
