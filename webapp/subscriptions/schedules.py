"""When a reader is written to: a cadence, a day of the week, a time of day and a zone, as instants.

Readers who chose nothing go with the site. Those who share all of it share a key, and so their runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from config import WEEKDAYS
from webapp.core import site
from webapp.subscriptions.models import Cadence, Subscription

A_DAY = timedelta(days=1)
AN_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Schedule:
    """``weekday`` counts from Monday, 0; a monthly letter comes on the first such day of the month.

    What the clock leaves open is settled as in :class:`webapp.core.weekly.Weekly`. Each post when it appears
    (:attr:`Cadence.POST`) has no slots: only :attr:`key` and :meth:`period_before` may be asked of it.
    """

    cadence: Cadence
    weekday: int
    at: time
    zone: ZoneInfo

    def latest(self, now: datetime) -> datetime:
        """The newest slot that is not later than ``now``."""
        day = self._day_until(now.astimezone(self.zone).date())
        slot = self._on(day)
        return slot if slot <= now else self._on(self._day_until(day - A_DAY))

    def after(self, instant: datetime) -> datetime:
        """The first slot later than ``instant``."""
        day = self._day_until(instant.astimezone(self.zone).date())
        slot = self._on(day)
        while slot <= instant:
            day = self._day_after(day)
            slot = self._on(day)
        return slot

    def between(self, after: datetime, before: datetime) -> Iterator[datetime]:
        """The slots later than ``after`` and earlier than ``before``, oldest first."""
        slot = self.after(after)
        while slot < before:
            yield slot
            slot = self.after(slot)

    def due(
        self, cadences: Collection[Cadence], slot: datetime, *, since: datetime | None = None
    ) -> frozenset[Cadence]:
        """Which letters go out together at a slot of this schedule. What is mailed as soon as it appears joins any.

        Those whose own slot it is; with ``since``, those also whose slots after that have not had their letters.
        """
        last = slot - AN_INSTANT if since is None else since
        return frozenset(
            each
            for each in cadences
            if each in {Cadence.POST, self.cadence} or self.at_cadence(each).latest(slot) > last
        )

    def at_cadence(self, cadence: Cadence) -> Schedule:
        """The same day, hour and zone, more or less often."""
        return self if cadence is self.cadence else replace(self, cadence=cadence)

    def period_before(self, end: datetime) -> datetime:
        """Where the first letter begins that ends at ``end``: a day, a week or a month earlier on the calendar."""
        local = end.astimezone(self.zone)
        match self.cadence:
            case Cadence.POST:
                return end
            case Cadence.DAILY:
                earlier = local - A_DAY
            case Cadence.WEEKLY:
                earlier = local - 7 * A_DAY
            case Cadence.MONTHLY:
                # as far back as the letter before it at most, which is four or five weeks on the calendar
                earlier = datetime.combine(self._day_until(local.date() - A_DAY), local.timetz(), self.zone)
        return earlier.astimezone(UTC)

    def _day_until(self, day: date) -> date:
        """The newest day of a letter that is not later than ``day``."""
        if self.cadence is Cadence.DAILY:
            return day
        if self.cadence is Cadence.WEEKLY:
            return day - (day.weekday() - self.weekday) % 7 * A_DAY
        first = self._first_of_month(day)
        return first if first <= day else self._first_of_month(day.replace(day=1) - A_DAY)

    def _day_after(self, day: date) -> date:
        if self.cadence is Cadence.DAILY:
            return day + A_DAY
        if self.cadence is Cadence.WEEKLY:
            return day + 7 * A_DAY
        return self._first_of_month(day.replace(day=1) + 32 * A_DAY)

    def _first_of_month(self, day: date) -> date:
        first = day.replace(day=1)
        return first + (self.weekday - first.weekday()) % 7 * A_DAY

    def _on(self, day: date) -> datetime:
        return datetime.combine(day, self.at, self.zone).astimezone(UTC)  # fold=0 is what RFC 5545 says, both times


def of(reader: Subscription) -> Schedule:
    """When a reader is written to."""
    return named(reader.schedule_key)


def key(
    cadences: Collection[Cadence], weekday: int | None = None, hour: int | None = None, zone: str | None = None
) -> str:
    """The name of a schedule: ``weekly`` for the site's own, else ``weekly sat 10 Asia/Shanghai``.

    It is that of the most frequent letter of these ``cadences``: a day on which one comes every week, or every month,
    is one of those on which one comes every day. What they have no use for is not part of it, so that more readers
    share one. ``post`` is that of readers who get nothing but each post when it appears.
    """
    config = site.config()
    slotted = [each for each in Cadence if each in cadences and each is not Cadence.POST]
    if not slotted:
        return Cadence.POST.value
    cadence = slotted[0]
    if weekday is None and hour is None and zone is None:
        return cadence.value
    day = "-" if slotted == [Cadence.DAILY] else WEEKDAYS[config.weekday if weekday is None else weekday]
    return f"{cadence.value} {day} {config.digest_time.hour if hour is None else hour} {zone or config.site_timezone}"


def named(key: str) -> Schedule:
    """The schedule of a key that :func:`key` made."""
    config = site.config()
    cadence, *rest = key.split(" ")
    if not rest:
        return Schedule(Cadence(cadence), config.weekday, config.digest_time, config.zone)
    return _chosen(Cadence(cadence), *rest)


@cache
def _chosen(cadence: Cadence, day: str, hour: str, zone: str) -> Schedule:
    return Schedule(cadence, 0 if day == "-" else WEEKDAYS.index(day), time(int(hour)), ZoneInfo(zone))
