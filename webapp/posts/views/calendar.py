"""Time as reading pages draw it: the months of the archive, and an author's year in ticks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from webapp.accounts.models import Person
from webapp.core.dates import written
from webapp.core.rendering import viewer_zone
from webapp.posts import queries


@dataclass(frozen=True)
class Month:
    """A month of the archive. ``is_first`` of its year on the page."""

    on: date
    name: str
    is_first: bool
    posts: Sequence[Any]


def by_month(posts: Sequence[Any]) -> list[Month]:
    zone = viewer_zone()
    months: list[Month] = []
    for on, group in groupby(posts, key=lambda post: post.published_at.astimezone(zone).date().replace(day=1)):
        name = written(on, "month")
        months.append(Month(on, name, not months or months[-1].on.year != on.year, list(group)))
    return months


@dataclass(frozen=True)
class Tick:
    """A week of an author's year, drawn as a path in a box of 20 by 60."""

    path: str
    state: str


@dataclass(frozen=True)
class Year:
    """The weeks of this year and how many posts are in them."""

    number: int
    total: int
    most: int
    this_week: int
    ticks: Sequence[Tick]


WEEKS = 52


def year_of(person: Person, now: datetime) -> Year:
    """This year week by week. A week is seven days from 1 January, so that every year has 52; the last is longer."""
    zone = viewer_zone()
    today = now.astimezone(zone).date()
    start, end = (datetime(year, 1, 1, tzinfo=zone).astimezone(UTC) for year in (today.year, today.year + 1))
    counts = [0] * WEEKS
    for at in queries.publications(person, start, end):
        counts[_week_of(at.astimezone(zone).date())] += 1
    present = _week_of(today)
    ticks = [_tick(number, count, present) for number, count in enumerate(counts)]
    return Year(today.year, sum(counts), max(counts), counts[present], ticks)


def _week_of(day: date) -> int:
    return min((day.timetuple().tm_yday - 1) // 7, WEEKS - 1)


def _tick(number: int, count: int, present: int) -> Tick:
    left = 20 * number
    if not count:
        return Tick(f"M{left + 9} 60h2v-6h-2z", "late" if number == present else "none")
    height = 6 + 15 * min(count, 3)
    return Tick(f"M{left + 6} 60h8v-{height}h-8z", "late" if number == present else "some")
