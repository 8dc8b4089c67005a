"""A stretch of whole days, as someone asks for it: from one day to another, both included, in their own zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, true

from webapp.core.errors import Refused
from webapp.core.words import _


@dataclass(frozen=True)
class Days:
    """From ``start`` on and before ``end``, both instants; None where the stretch is open."""

    start: datetime | None = None
    end: datetime | None = None

    def hold(self, at: ColumnElement[datetime]) -> ColumnElement[bool]:
        """The condition for an instant in them."""
        return and_(
            true() if self.start is None else at >= self.start,
            true() if self.end is None else at < self.end,
        )

    def __bool__(self) -> bool:
        return self.start is not None or self.end is not None


ALWAYS = Days()


def read(since: str, until: str, zone: ZoneInfo) -> Days:
    """The days from ``since`` to ``until`` in a zone, each an ISO date or empty.

    Raises :class:`Refused` on ``since`` or ``until`` for what is no date, and for an end before its beginning.
    """
    first, last = _day(since, "since"), _day(until, "until")
    if first and last and last < first:
        raise Refused("until", _("The last day is before the first."))
    try:
        return Days(
            start=_midnight(first, zone) if first else None,
            end=_midnight(last + timedelta(days=1), zone) if last else None,
        )
    except OverflowError:
        raise Refused("since" if first else "until", _("The calendar does not go that far.")) from None


def _day(raw: str, field: str) -> date | None:
    try:
        return date.fromisoformat(raw.strip()) if raw.strip() else None
    except ValueError:
        raise Refused(field, _("That is not a day. Write it such as 2026-11-21.")) from None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
