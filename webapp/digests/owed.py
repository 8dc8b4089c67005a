"""Which letters are owed: stopped, missed or too late. What they would have held comes with the next."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, not_, or_, select

from webapp.digests.models import STILL_OWED, DigestRun, RunState
from webapp.digests.news import AN_INSTANT
from webapp.extensions import db

SLOT_AT: ColumnElement[datetime] = DigestRun.__table__.c.slot_at
IS_OWED = or_(
    DigestRun.state.in_([RunState.ANNOUNCED, RunState.PLANNING, RunState.FAILED]),
    and_(DigestRun.state == RunState.SKIPPED, DigestRun.note.in_(STILL_OWED)),
)
"""The letter has not gone out, or not to everybody."""


def settled_until(schedule_key: str, before: datetime) -> datetime:
    """The last slot before an instant whose letter is not owed any more.

    What a schedule had after it did not go out, or was missed. Nothing is owed from before its first slot on record.
    """
    earlier = (DigestRun.schedule_key == schedule_key, DigestRun.slot_at < before)
    last, first = db.session.execute(
        select(
            select(func.max(SLOT_AT)).where(*earlier, not_(IS_OWED)).scalar_subquery(),
            select(func.min(SLOT_AT)).where(*earlier).scalar_subquery(),
        )
    ).one()
    return last or (first or before) - AN_INSTANT


def all_settled_until() -> datetime | None:
    """Up to where no letter of any schedule is owed; None when no run is on record."""
    last, first = func.max(case((not_(IS_OWED), SLOT_AT))), func.min(SLOT_AT)
    rows = db.session.execute(select(last, first).group_by(DigestRun.schedule_key))
    return min((settled or first - AN_INSTANT for settled, first in rows), default=None)
