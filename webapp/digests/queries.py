"""Reading the runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, tuple_

from webapp.core.days import ALWAYS, Days
from webapp.digests.models import DigestRun, RunState
from webapp.extensions import db
from webapp.mail.models import Delivery, State

SLOT_AT: ColumnElement[datetime] = DigestRun.__table__.c.slot_at

AT_ONCE = 1000
"""Slots that one statement asks about."""


def run_for(schedule_key: str, slot_at: datetime) -> DigestRun | None:
    return db.session.scalar(
        select(DigestRun).where(DigestRun.schedule_key == schedule_key, DigestRun.slot_at == slot_at)
    )


def without_run(slots: Sequence[tuple[str, datetime]]) -> list[tuple[str, datetime]]:
    """Those of these slots of schedules that have no run, asked for many at once."""
    known: set[tuple[str, datetime]] = set()
    for start in range(0, len(slots), AT_ONCE):
        rows = db.session.execute(
            select(DigestRun.schedule_key, DigestRun.slot_at).where(
                tuple_(DigestRun.schedule_key, DigestRun.slot_at).in_(slots[start : start + AT_ONCE])
            )
        )
        known |= {(key, slot_at) for key, slot_at in rows}
    return [each for each in slots if each not in known]


def in_state(state: RunState) -> Sequence[DigestRun]:
    """The runs in one state, oldest first."""
    return db.session.scalars(select(DigestRun).where(DigestRun.state == state).order_by(DigestRun.id)).all()


def locked(run_id: int) -> DigestRun | None:
    """A run as it is now, held until the transaction ends; None when it is gone."""
    return db.session.get(DigestRun, run_id, populate_existing=True, with_for_update=True)


def last_slot(schedule_key: str) -> datetime | None:
    """The newest slot that is on record."""
    return db.session.scalar(select(func.max(DigestRun.slot_at)).where(DigestRun.schedule_key == schedule_key))


def sent_until(schedule_key: str) -> datetime | None:
    """Where the last run of a schedule that had mail in it ended."""
    return db.session.scalar(
        select(func.max(DigestRun.window_end)).where(
            DigestRun.schedule_key == schedule_key, DigestRun.state.in_([RunState.FROZEN, RunState.DONE])
        )
    )


def between(start: datetime, end: datetime) -> Sequence[DigestRun]:
    """The runs whose slot is at ``start`` or later and before ``end``, in the order of time."""
    return db.session.scalars(
        select(DigestRun).where(DigestRun.slot_at >= start, DigestRun.slot_at < end).order_by(DigestRun.slot_at)
    ).all()


def newest(limit: int, *, days: Days = ALWAYS, keys: Collection[str] | None = None) -> Sequence[DigestRun]:
    """The latest runs, newest slot first; with ``days``, those whose slot was on them; of these schedules only."""
    rows = select(DigestRun).order_by(DigestRun.slot_at.desc(), DigestRun.id.desc()).limit(limit)
    if keys is not None:
        rows = rows.where(DigestRun.schedule_key.in_(keys))
    if days:
        rows = rows.where(days.hold(SLOT_AT))
    return db.session.scalars(rows).all()


def mails_of(runs: Sequence[DigestRun]) -> dict[int, dict[State, int]]:
    """How many mails of each run are in which state."""
    counted: dict[int, dict[State, int]] = {run.id: {} for run in runs}
    rows = db.session.execute(
        select(Delivery.run_id, Delivery.state, func.count())
        .where(Delivery.run_id.in_(counted))
        .group_by(Delivery.run_id, Delivery.state)
    )
    for run_id, state, count in rows:
        if run_id is not None:
            counted[run_id][state] = count
    return counted


def why_not(run_id: int) -> Sequence[tuple[State, str, int]]:
    """How many mails of a run have not been sent, by how they ended and why; the most first."""
    count = func.count().label("count")
    why = func.coalesce(func.nullif(Delivery.skip_reason, ""), Delivery.smtp_reply, "")
    rows = db.session.execute(
        select(Delivery.state, why, count)
        .where(Delivery.run_id == run_id, Delivery.state != State.SENT)
        .group_by(Delivery.state, why)
        .order_by(count.desc(), Delivery.state)
        .limit(50)
    )
    return [(state, reason, number) for state, reason, number in rows]
