"""A reminder's rule and its odd hours, in words."""

from __future__ import annotations

from datetime import datetime, timedelta

from babel.dates import get_day_names
from flask_babel import get_locale

from webapp.core import wall_clock
from webapp.core.dates import length, written
from webapp.core.words import _
from webapp.core.zones import city
from webapp.reminders import recurrence, when
from webapp.reminders.models import Condition, Origin, Reminder, ReminderEvent, What

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
PLAIN = frozenset({"FREQ", "INTERVAL"})
ENDS = frozenset({"COUNT", "UNTIL", "WKST"})


def repetition(reminder: Reminder) -> str | None:
    """``Then every Tuesday``; None for a reminder that comes once. A rule too rich for a phrase stands as it is."""
    if not reminder.recurrence:
        return None
    parts = dict(part.split("=", 1) for part in reminder.recurrence.split(";"))
    first = datetime.fromisoformat(reminder.series_start or reminder.wall_time)
    said = _how_often(parts, first)
    if said is None:
        return _("Then by the rule %(rule)s", rule=reminder.recurrence)
    if "COUNT" in parts:
        return _("%(often)s, %(count)d times in all", often=said, count=int(parts["COUNT"]))
    if "UNTIL" in parts:
        day = datetime.strptime(parts["UNTIL"][:8], "%Y%m%d")  # noqa: DTZ007  # a day has no zone
        return _("%(often)s until %(day)s", often=said, day=written(day.date(), "day with year"))
    return said


def _how_often(parts: dict[str, str], first: datetime) -> str | None:
    """The rule without its end; None for one that is too rich for a phrase."""
    every = int(parts.get("INTERVAL", "1"))
    names = parts.keys() - ENDS
    if parts["FREQ"] == "WEEKLY" and names <= PLAIN | {"BYDAY"}:
        days = parts.get("BYDAY", DAYS[first.weekday()]).split(",")
        return _weekly(days, every) if set(days) <= set(DAYS) else None
    if parts["FREQ"] == "MONTHLY" and names == PLAIN & names | {"BYDAY"}:
        return _monthly_by_weekday(parts["BYDAY"], every)
    if names <= PLAIN:
        return {"HOURLY": _hourly, "DAILY": _daily, "MONTHLY": _monthly, "YEARLY": _yearly}[parts["FREQ"]](first, every)
    return None


def _monthly_by_weekday(by_day: str, every: int) -> str | None:
    nth = {"1": _("first"), "2": _("second"), "3": _("third"), "4": _("fourth")}
    which = (nth | {"-1": _("last")}).get(by_day[:-2])
    if which is None or by_day[-2:] not in DAYS:
        return None
    day = get_day_names("wide", locale=get_locale() or "en")[DAYS.index(by_day[-2:])]
    if every == 1:
        return _("Then on the %(which)s %(day)s of every month", which=which, day=day)
    return _("Then on the %(which)s %(day)s of every %(num)s months", which=which, day=day, num=every)


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


def condition(reminder: Reminder) -> str | None:
    """``Only if it is still a draft``; None for a reminder that comes in any case."""
    if reminder.condition is Condition.SCHEDULED:
        return _("%(long)s before the post appears", long=lead(reminder.lead_minutes or 0))
    return {
        Condition.DRAFT: _("Only if it is still a draft"),
        Condition.UNEDITED: _("Only if nobody has changed it"),
    }.get(reminder.condition)


def reminds(reminder: Reminder) -> str:
    """Whom else it reminds, and what keeps it from that."""
    other = reminder.recipient
    if other is None:
        return ""
    if not other.is_open:
        return _("%(address)s has not said yes, or not any more: it comes to you alone", address=other.address)
    if reminder.with_me:
        return _("To you and to %(address)s", address=other.address)
    return _("Only to %(address)s", address=other.address)


def lead(minutes: int) -> str:
    """A length as people say it: ``2 hours``."""
    return length(timedelta(minutes=minutes))


def happened(event: ReminderEvent) -> str:
    """What happened, as the beginning of a sentence about it."""
    return {
        What.SET: _("Set"),
        What.EDITED: _("Edited"),
        What.SNOOZED: _("Put off"),
        What.PAUSED: _("Paused"),
        What.RESUMED: _("Resumed"),
        What.CANCELLED: _("Cancelled"),
        What.DONE: _("Done"),
        What.RESTORED: _("Brought back"),
        What.SENT: _("Sent"),
        What.LATE: _("Sent late"),
        What.EXPIRED: _("Not sent: more than a day late"),
        What.SATISFIED: _("Cancelled itself"),
        What.MOVED: _("Moved"),
        What.ZONE_CHANGED: _("Moved with you"),
        What.CLOCKS_CHANGED: _("Moved with the clocks"),
        What.PASSED_ON: _("Sent on"),
        What.WITHHELD: _("Not sent on, as nobody said yes there"),
    }[event.what]


def came_from(event: ReminderEvent) -> str:
    """Where it was done: ``from the mail``. Empty for what needs no word."""
    return {Origin.PAGE: _("here"), Origin.MAIL: _("from the mail"), Origin.API: _("by a program")}.get(
        event.origin, ""
    )


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
    landed = when.local(when.instant(wall_time, zone), zone)
    lands = landed.strftime("%H:%M")
    if landed.date() != wall_time.date():  # half past eleven in the evening, or a day that is left out
        return _(
            "%(time)s does not exist on %(day)s in %(city)s. We remind you at %(lands)s on %(on)s.",
            **there,
            lands=lands,
            on=written(landed.date(), "short day of year"),
        )
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
