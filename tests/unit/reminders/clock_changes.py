"""Every time the clocks change, anywhere, found without the code under test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
STEP = timedelta(days=4)
"""No zone changes its clocks and changes them back within so short a time in these years."""


@dataclass(frozen=True)
class Change:
    """At the instant ``at`` the offset from UTC goes from ``before`` to ``after``."""

    at: datetime
    before: timedelta
    after: timedelta

    @property
    def is_gap(self) -> bool:
        return self.after > self.before

    @property
    def first_wall(self) -> datetime:
        """The first wall time that is skipped or comes twice."""
        return self.at.replace(tzinfo=None) + min(self.before, self.after)

    @property
    def length(self) -> timedelta:
        return abs(self.after - self.before)


@cache
def every_zone() -> dict[str, tuple[Change, ...]]:
    """All zones of the tz database with their changes in ten years; most have none."""
    return {name: changes(name) for name in sorted(available_timezones())}


@cache
def every_change() -> dict[Change, str]:
    """Each different change with one of the zones that make it."""
    return {change: name for name, found in every_zone().items() for change in found}


def changes(name: str, start: datetime = START, end: datetime = END) -> tuple[Change, ...]:
    there = ZoneInfo(name)
    found, moment, offset = [], start, _offset(start, there)
    while moment < end:
        following = moment + STEP
        if (changed := _offset(following, there)) != offset:
            found.append(Change(_when_it_changes(moment, following, offset, there), offset, changed))
            offset = changed
        moment = following
    return tuple(found)


def _when_it_changes(low: datetime, high: datetime, before: timedelta, there: ZoneInfo) -> datetime:
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        middle = middle.replace(microsecond=0)
        if _offset(middle, there) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(moment: datetime, there: ZoneInfo) -> timedelta:
    return moment.astimezone(there).utcoffset()
