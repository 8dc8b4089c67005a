"""A reminder's rule and its odd hours, in words."""

from __future__ import annotations

from datetime import datetime, timedelta

from babel.dates import format_date, format_datetime, format_timedelta, get_day_names
from flask_babel import get_locale, gettext, ngettext

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
        return str(gettext("Then by the rule %(rule)s", rule=reminder.recurrence))
    if "COUNT" in parts:
        return str(gettext("%(often)s, %(count)d times in all", often=said, count=int(parts["COUNT"])))
    if "UNTIL" in parts:
        day = datetime.strptime(parts["UNTIL"][:8], "%Y%m%d")  # noqa: DTZ007  # a day has no zone
        return str(
            gettext("%(often)s until %(day)s", often=said, day=format_date(day, "d MMM y", locale=get_locale() or "en"))
        )
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
    nth = {"1": gettext("first"), "2": gettext("second"), "3": gettext("third"), "4": gettext("fourth")}
    which = (nth | {"-1": gettext("last")}).get(by_day[:-2])
    if which is None or by_day[-2:] not in DAYS:
        return None
    day = get_day_names("wide", locale=get_locale() or "en")[DAYS.index(by_day[-2:])]
    return str(
        ngettext(
            "Then on the %(which)s %(day)s of every month",
            "Then on the %(which)s %(day)s of every %(num)d months",
            every,
            which=which,
            day=day,
        )
    )


def oddity(reminder: Reminder, count: int = 5) -> str | None:
    """A sentence about the first of the next ``count`` occurrences whose hour the clocks skip or show twice."""
    for wall_time, instant in recurrence.coming(reminder, count):
        is_chosen_by_wall = when.instant(wall_time, reminder.zone) == instant
        if is_chosen_by_wall and (sentence := _oddity(wall_time, reminder.zone)):
            return sentence
    return None


def is_moved(wall_time: datetime, zone: str) -> bool:
    """Whether the clocks skip this wall time, so that it comes later on that day."""
    return when.oddity(wall_time, zone) is when.Oddity.SKIPPED


def condition(reminder: Reminder) -> str | None:
    """``Only if it is still a draft``; None for a reminder that comes in any case."""
    if reminder.condition is Condition.SCHEDULED:
        return str(gettext("%(long)s before the post appears", long=lead(reminder.lead_minutes or 0)))
    return {
        Condition.DRAFT: str(gettext("Only if it is still a draft")),
        Condition.UNEDITED: str(gettext("Only if nobody has changed it")),
    }.get(reminder.condition)


def lead(minutes: int) -> str:
    """A length as people say it: ``2 hours``."""
    return str(format_timedelta(timedelta(minutes=minutes), threshold=1, locale=get_locale() or "en"))


def happened(event: ReminderEvent) -> str:
    """What happened, as the beginning of a sentence about it."""
    return str(
        {
            What.SET: gettext("Set"),
            What.EDITED: gettext("Edited"),
            What.SNOOZED: gettext("Put off"),
            What.PAUSED: gettext("Paused"),
            What.RESUMED: gettext("Resumed"),
            What.CANCELLED: gettext("Cancelled"),
            What.DONE: gettext("Done"),
            What.RESTORED: gettext("Brought back"),
            What.SENT: gettext("Sent"),
            What.LATE: gettext("Sent late"),
            What.EXPIRED: gettext("Not sent: more than a day late"),
            What.SATISFIED: gettext("Cancelled itself"),
            What.MOVED: gettext("Moved"),
            What.ZONE_CHANGED: gettext("Moved with you"),
            What.CLOCKS_CHANGED: gettext("Moved with the clocks"),
        }[event.what]
    )


def came_from(event: ReminderEvent) -> str:
    """Where it was done: ``from the mail``. Empty for what needs no word."""
    return str(
        {Origin.PAGE: gettext("here"), Origin.MAIL: gettext("from the mail"), Origin.API: gettext("by a program")}.get(
            event.origin, ""
        )
    )


def _oddity(wall_time: datetime, zone: str) -> str | None:
    kind = when.oddity(wall_time, zone)
    if kind is when.Oddity.NONE:
        return None
    there = {
        "time": wall_time.strftime("%H:%M"),
        "day": format_datetime(wall_time, "EEE d MMM", locale=get_locale() or "en"),
        "city": city(zone),
    }
    if kind is when.Oddity.TWICE:
        return str(gettext("%(time)s comes twice on %(day)s in %(city)s. We remind you the first time.", **there))
    landed = when.local(when.instant(wall_time, zone), zone)
    lands = landed.strftime("%H:%M")
    if landed.date() != wall_time.date():  # half past eleven in the evening, or a day that is left out
        on = format_datetime(landed, "EEE d MMM", tzinfo=landed.tzinfo, locale=get_locale() or "en")
        return str(
            gettext(
                "%(time)s does not exist on %(day)s in %(city)s. We remind you at %(lands)s on %(on)s.",
                **there,
                lands=lands,
                on=on,
            )
        )
    return str(
        gettext(
            "%(time)s does not exist on %(day)s in %(city)s. That day we remind you at %(lands)s.", **there, lands=lands
        )
    )


def _hourly(_first: datetime, every: int) -> str:
    return str(ngettext("Then every hour", "Then every %(num)d hours", every))


def _daily(_first: datetime, every: int) -> str:
    return str(ngettext("Then every day", "Then every %(num)d days", every))


def _weekly(days: list[str], every: int) -> str:
    names = get_day_names("wide", locale=get_locale() or "en")
    listed = [names[DAYS.index(day)] for day in sorted(days, key=DAYS.index)]
    spelled = gettext(" and ").join(filter(None, [", ".join(listed[:-1]), listed[-1]]))
    return str(ngettext("Then every %(days)s", "Then every %(num)d weeks on %(days)s", every, days=spelled))


def _monthly(first: datetime, every: int) -> str:
    day = first.day
    if day > 28:
        return str(
            ngettext(
                "Then every month that has a day %(day)d",
                "Then every %(num)d months, where there is a day %(day)d",
                every,
                day=day,
            )
        )
    return str(ngettext("Then every month on day %(day)d", "Then every %(num)d months on day %(day)d", every, day=day))


def _yearly(first: datetime, every: int) -> str:
    date = format_date(first, "d MMMM", locale=get_locale() or "en")
    if (first.month, first.day) == (2, 29):
        return str(gettext("Then every leap year on %(date)s", date=date))
    return str(ngettext("Then every year on %(date)s", "Then every %(num)d years on %(date)s", every, date=date))
