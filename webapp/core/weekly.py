"""A day of the week and a time of day in a zone, as instants: when the letter goes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from webapp.core import site

A_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Weekly:
    """``weekday`` counts from Monday, 0. Instants go in aware and come out in UTC.

    RFC 5545 3.3.5 settles what the clock leaves open: a time that a change of the clock skips is read with the offset
    before the gap, a time that comes twice means the first.
    """

    weekday: int
    at: time
    zone: ZoneInfo

    def latest(self, now: datetime) -> datetime:
        """The newest slot that is not later than ``now``."""
        today = now.astimezone(self.zone).date()
        day = today - timedelta(days=(today.weekday() - self.weekday) % 7)
        slot = self._on(day)
        return slot if slot <= now else self._on(day - A_WEEK)

    def after(self, instant: datetime) -> datetime:
        """The first slot later than ``instant``."""
        today = instant.astimezone(self.zone).date()
        day = today + timedelta(days=(self.weekday - today.weekday()) % 7)
        slot = self._on(day)
        return slot if slot > instant else self._on(day + A_WEEK)

    def between(self, after: datetime, before: datetime) -> Iterator[datetime]:
        """The slots later than ``after`` and earlier than ``before``, oldest first."""
        slot = self.after(after)
        while slot < before:
            yield slot
            slot = self.after(slot)

    def _on(self, day: date) -> datetime:
        return datetime.combine(day, self.at, self.zone).astimezone(UTC)  # fold=0 is what the RFC says, both times


def letter() -> Weekly:
    """When this site's letter goes out."""
    config = site.config()
    return Weekly(config.weekday, config.digest_time, config.zone)
