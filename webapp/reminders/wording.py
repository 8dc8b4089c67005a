"""A reminder's rule and its odd hours, in words."""

from __future__ import annotations

from datetime import datetime

from babel.dates import get_day_names
from flask_babel import get_locale

from webapp.core import wall_clock
from webapp.core.dates import written
from webapp.core.words import _
from webapp.core.zones import city
from webapp.reminders import recurrence, when
from webapp.reminders.models import Reminder

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
PLAIN = frozenset({"FREQ", "INTERVAL"})


def repetition(reminder: Reminder) -> str | None:
    """``Then every Tuesday``; None for a reminder that comes once. A rule too rich for a phrase stands as it is."""
    if not reminder.recurrence:
        return None
    parts = dict(part.split("=", 1) for part in reminder.recurrence.split(";"))
    first = datetime.fromisoformat(reminder.series_start or reminder.wall_time)
    every = int(parts.get("INTERVAL", "1"))
    if parts["FREQ"] == "WEEKLY" and parts.keys() <= PLAIN | {"BYDAY"}:
        days = parts.get("BYDAY", DAYS[first.weekday()]).split(",")
        if set(days) <= set(DAYS):
            return _weekly(days, every)
    elif parts.keys() <= PLAIN:
        return {"HOURLY": _hourly, "DAILY": _daily, "MONTHLY": _monthly, "YEARLY": _yearly}[parts["FREQ"]](first, every)
    return _("Then by the rule %(rule)s", rule=reminder.recurrence)


def oddity(reminder: Reminder, count: int = 5) -> str | None:
    """A sentence about the first of the next ``count`` occurrences whose hour the clocks skip or show twice."""
    for wall_time, instant in recurrence.coming(reminder, count):
        is_chosen_by_wall = when.instant(wall_time, reminder.zone) == instant
        if is_chosen_by_wall and (sentence := _oddity(wall_time, reminder.zone)):
            return sentence
    return None


def is_moved(wall_time: datetime, zone: str) -> bool:
    """Whether the clocks skip this wall time, so that it comes later on that day."""
    return wall_clock.oddity(wall_time, zone) is wall_clock.Oddity.SKIPPED


def _oddity(wall_time: datetime, zone: str) -> str | None:
    kind = wall_clock.oddity(wall_time, zone)
    if kind is wall_clock.Oddity.NONE:
        return None
    there = {
        "time": wall_time.strftime("%H:%M"),
        "day": written(wall_time.date(), "short day of year"),
        "city": city(zone),
    }
    if kind is wall_clock.Oddity.TWICE:
        return _("%(time)s comes twice on %(day)s in %(city)s. We remind you the first time.", **there)
    lands = when.local(when.instant(wall_time, zone), zone).strftime("%H:%M")
    return _(
        "%(time)s does not exist on %(day)s in %(city)s. That day we remind you at %(lands)s.", **there, lands=lands
    )


def _hourly(_first: datetime, every: int) -> str:
    return _("Then every hour") if every == 1 else _("Then every %(num)s hours", num=every)


def _daily(_first: datetime, every: int) -> str:
    return _("Then every day") if every == 1 else _("Then every %(num)s days", num=every)


def _weekly(days: list[str], every: int) -> str:
    names = get_day_names("wide", locale=get_locale() or "en")
    listed = [names[DAYS.index(day)] for day in sorted(days, key=DAYS.index)]
    spelled = _(" and ").join(filter(None, [_(", ").join(listed[:-1]), listed[-1]]))
    if every == 1:
        return _("Then every %(days)s", days=spelled)
    return _("Then every %(num)s weeks on %(days)s", num=every, days=spelled)


def _monthly(first: datetime, every: int) -> str:
    day = first.day
    if day > 28:
        if every == 1:
            return _("Then every month that has a day %(day)s", day=day)
        return _("Then every %(num)s months, where there is a day %(day)s", num=every, day=day)
    if every == 1:
        return _("Then every month on day %(day)s", day=day)
    return _("Then every %(num)s months on day %(day)s", num=every, day=day)


def _yearly(first: datetime, every: int) -> str:
    date = written(first.date(), "day of year")
    if (first.month, first.day) == (2, 29):
        return _("Then every leap year on %(date)s", date=date)
    if every == 1:
        return _("Then every year on %(date)s", date=date)
    return _("Then every %(num)s years on %(date)s", num=every, date=date)
