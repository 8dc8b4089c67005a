"""The week strip: seven days and what happens on them, gathered from whichever feature has something to say.

A feature connects a receiver to :data:`asked`; it is called as ``receiver(sender, start=, end=, person=)`` and returns
a list of :class:`Entry`. ``start`` is the first day and ``end`` the day after the last, both on the viewer's calendar;
:func:`instants` turns them into the two instants a query needs. ``person`` is None for an anonymous reader, who sees
publications and the digest; someone signed in also sees what is their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, cast
from zoneinfo import ZoneInfo

from blinker import signal
from flask import current_app

from webapp.core import moon

ROOM = 4
"""Entries in one day of the strip."""

asked = signal("almanac.week-asked")


@dataclass(frozen=True)
class Entry:
    """One thing on one day. ``at`` is an aware instant, ``url`` a path or None when there is nowhere to go.

    ``done`` is ticked off, as a task is; ``past`` happened and stays worth a visit, as a publication does.
    """

    at: datetime
    label: str
    url: str | None
    state: Literal["coming", "done", "past"]


@dataclass(frozen=True)
class Day:
    """A column of the strip."""

    on: date
    is_today: bool
    is_past: bool
    entries: Sequence[Entry]

    @property
    def shown(self) -> Sequence[Entry]:
        """As many entries as a column holds: on a full day what is still to come goes first."""
        chosen = sorted(self.entries, key=lambda entry: entry.state != "coming")[:ROOM]
        return [entry for entry in self.entries if entry in chosen]

    @property
    def unshown(self) -> int:
        """How many more there are."""
        return len(self.entries) - len(self.shown)


@dataclass(frozen=True)
class Week:
    """What the top of the home page shows: today, the moon, and the seven days from Monday."""

    today: date
    number: int
    moon: str
    days: Sequence[Day]


def this_week(now: datetime, person: Any = None) -> Week:
    """The week that holds ``now``, on the calendar of ``person`` or, without one, of the site."""
    zone = zone_of(person)
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    found = entries(monday, monday + timedelta(days=7), person)
    days = [
        Day(
            on=on,
            is_today=on == today,
            is_past=on < today,
            entries=[entry for entry in found if entry.at.astimezone(zone).date() == on],
        )
        for on in (monday + timedelta(days=count) for count in range(7))
    ]
    return Week(today=today, number=today.isocalendar().week, moon=moon.sentence(now, zone), days=days)


def entries(start: date, end: date, person: Any = None) -> list[Entry]:
    """Everything on the days from ``start`` up to but not including ``end``, in the order of time."""
    answers = asked.send(None, start=start, end=end, person=person)
    found = [entry for _receiver, answer in answers for entry in cast(Sequence[Entry], answer or ())]
    return sorted(found, key=lambda entry: (entry.at, entry.label))


def instants(start: date, end: date, person: Any = None) -> tuple[datetime, datetime]:
    """The instants, in UTC, at which these two days begin where the viewer is."""
    zone = zone_of(person)
    first, last = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (start, end))
    return first, last


def zone_of(person: Any = None) -> ZoneInfo:
    """The zone a page is shown in: the person's, or the site's for anyone else."""
    name = getattr(person, "zone", None) or current_app.config["ALMANAC"].site_timezone
    return ZoneInfo(name)
