"""The last 24 hours, hour by hour, as shapes for the page to draw and as a table to read.

A drawing is 240 wide and 100 high, ten to an hour, and is stretched by the page; its words stand beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select

from webapp.extensions import db
from webapp.mail.models import Delivery, DeliveryAttempt, Kind
from webapp.mail.transport import Verdict
from webapp.ops.spans import hours_between, seconds_between

HOURS = 24
HIGH = 100
NONE = (None, None)
PUT_OFF = (Verdict.LATER, Verdict.UNREACHABLE)


@dataclass(frozen=True)
class Hour:
    """One clock hour, from ``at``. Lateness is in seconds, None in an hour without reminders."""

    at: datetime
    sent: int
    put_off: int
    half: float | None
    most: float | None


@dataclass(frozen=True)
class Bar:
    """One hour's column: where it stands and its two parts, from the top of the drawing."""

    x: int
    sent_y: float
    put_off_y: float


@dataclass(frozen=True)
class Charts:
    """``lines`` are points for polylines, one for each run of hours that have reminders."""

    hours: Sequence[Hour]
    bars: Sequence[Bar]
    most_an_hour: int
    half_lines: Sequence[str]
    most_lines: Sequence[str]
    slowest: float
    half: float | None
    most: float | None

    @property
    def busiest(self) -> Hour:
        return max(self.hours, key=lambda hour: hour.sent + hour.put_off)


def charts(now: datetime, zone: ZoneInfo) -> Charts:
    """Clock hours are those of ``zone``; the last one is the present one. Three statements, however much was sent."""
    this_hour = now.astimezone(zone).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    start = this_hour - timedelta(hours=HOURS - 1)
    sent, put_off, late = _sent(start), _put_off(start), _lateness(start)
    hours = [
        Hour(
            start + timedelta(hours=number),
            sent.get(number, 0),
            put_off.get(number, 0),
            *late.get(number, (None, None)),
        )
        for number in range(HOURS)
    ]
    tallest = max(1, *(hour.sent + hour.put_off for hour in hours))
    slowest = _round_up(max((hour.most for hour in hours if hour.most is not None), default=0.0))
    return Charts(
        hours=hours,
        bars=[
            Bar(10 * number + 1, _from_top(hour.sent, tallest), _from_top(hour.sent + hour.put_off, tallest))
            for number, hour in enumerate(hours)
        ],
        most_an_hour=tallest,
        half_lines=_lines([hour.half for hour in hours], slowest),
        most_lines=_lines([hour.most for hour in hours], slowest),
        slowest=slowest,
        half=late[-1][0] if -1 in late else None,
        most=late[-1][1] if -1 in late else None,
    )


def _sent(start: datetime) -> dict[int, int]:
    hour = hours_between(start, Delivery.sent_at)
    rows = db.session.execute(select(hour, func.count()).where(Delivery.sent_at >= start).group_by(hour))
    return {number: count for number, count in rows}  # noqa: C416  # a row is not a pair to mypy


def _put_off(start: datetime) -> dict[int, int]:
    hour = hours_between(start, DeliveryAttempt.ended_at)
    rows = db.session.execute(
        select(hour, func.count())
        .where(DeliveryAttempt.ended_at >= start, DeliveryAttempt.outcome.in_(PUT_OFF))
        .group_by(hour)
    )
    return {number: count for number, count in rows}  # noqa: C416


def _lateness(start: datetime) -> dict[int, tuple[float, float]]:
    """For each hour, within which time half and 99 in 100 of the reminders left; at -1, for all hours together.

    A percentile is a reminder's own lateness: the smallest that so many are within (nearest rank).
    """
    hour = hours_between(start, Delivery.sent_at)
    seconds = seconds_between(Delivery.due_at, Delivery.sent_at)
    ranked = (
        select(
            hour.label("hour"),
            seconds.label("seconds"),
            func.row_number().over(partition_by=hour, order_by=seconds).label("place"),
            func.count().over(partition_by=hour).label("of"),
            func.row_number().over(order_by=seconds).label("place_of_all"),
            func.count().over().label("of_all"),
        )
        .where(Delivery.sent_at >= start, Delivery.kind == Kind.REMINDER)
        .subquery()
    )
    place, of, place_of_all, of_all = ranked.c.place, ranked.c.of, ranked.c.place_of_all, ranked.c.of_all
    rows = db.session.execute(
        select(
            ranked.c.hour,
            func.min(case((place * 100 >= of * 50, ranked.c.seconds))),
            func.min(case((place * 100 >= of * 99, ranked.c.seconds))),
            func.min(case((place_of_all * 100 >= of_all * 50, ranked.c.seconds))),
            func.min(case((place_of_all * 100 >= of_all * 99, ranked.c.seconds))),
        ).group_by(ranked.c.hour)
    ).all()
    found = {row[0]: (max(0.0, row[1]), max(0.0, row[2])) for row in rows}
    if rows:
        half, most = (min(row[column] for row in rows if row[column] is not None) for column in (3, 4))
        found[-1] = (max(0.0, half), max(0.0, most))
    return found


def _from_top(value: float, tallest: float) -> float:
    return round(HIGH - HIGH * value / tallest, 1)


def _lines(values: Sequence[float | None], tallest: float) -> list[str]:
    """Points through the middle of each hour. An hour without a value breaks the line; one alone is a short dash."""
    lines: list[list[str]] = [[]]
    for number, value in enumerate(values):
        if value is None:
            lines.append([])
        else:
            lines[-1].append(f"{10 * number + 5},{_from_top(value, tallest)}")
    return [" ".join(points if len(points) > 1 else _dash(points[0])) for points in lines if points]


def _dash(point: str) -> list[str]:
    x, y = point.split(",")
    return [f"{int(x) - 3},{y}", f"{int(x) + 3},{y}"]


def _round_up(seconds: float) -> float:
    """The next 1, 2 or 5 of any size: 0.05 for 0.038."""
    if seconds <= 0.001:
        return 0.001
    size = 10.0 ** math.floor(math.log10(seconds))
    return next(step * size for step in (1, 2, 5, 10) if step * size >= seconds * 0.999999)
