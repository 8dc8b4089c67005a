"""Which times a repeating reminder falls on: RFC 5545 rules, kept on the wall clock of the reminder's zone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from dateutil.rrule import rruleset, rrulestr

from webapp.core.errors import Refused
from webapp.core.words import _
from webapp.reminders import when
from webapp.reminders.models import Reminder

LONGEST_RULE = 300
HORIZON = timedelta(days=3653 * 2)
"""How far ahead an occurrence is looked for: a rule that matches nothing must not search to the year 9999."""

PARTS = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "BYHOUR"}
)
HOURLY_PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYHOUR"})
"""Every hour of twenty years is looked at in turn, so what would leave most of them out is not offered here."""

FREQUENCIES = frozenset({"HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"})


def check(rule: str, first: datetime) -> str:
    """The rule as it is kept, upper case and without ``RRULE:``. ``first`` is the naive wall time it starts at.

    Raises :class:`Refused` on ``recurrence`` for a rule RFC 5545 3.3.10 does not know, or one more often than hourly.
    """
    rule = rule.strip().upper().removeprefix("RRULE:")
    if len(rule) > LONGEST_RULE or not rule.isascii() or any(character.isspace() for character in rule):
        raise Refused("recurrence", _("That is not a rule of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO."))
    parts = [part.partition("=")[::2] for part in rule.split(";")]
    names = [name for name, _value in parts]
    values = dict(parts)
    if len(values) != len(names) or not PARTS.issuperset(names) or not all(values.values()):
        raise Refused("recurrence", _("That is not a rule of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO."))
    if values.get("FREQ") not in FREQUENCIES:
        raise Refused("recurrence", _("A reminder can repeat hourly, daily, weekly, monthly or yearly."))
    if values["FREQ"] == "HOURLY" and not HOURLY_PARTS.issuperset(names):
        raise Refused("recurrence", _("An hourly reminder can be limited to hours and weekdays only."))
    for name, most in (("INTERVAL", 1000), ("COUNT", 10_000)):
        value = values.get(name, "1")
        if not value.isdigit() or not 0 < int(value) <= most:
            raise Refused("recurrence", _("%(name)s must be a number from 1 to %(most)s.", name=name, most=most))
    if "COUNT" in values and "UNTIL" in values:
        raise Refused("recurrence", _("A rule has COUNT or UNTIL, not both."))
    try:
        _check_that_it_comes_again(values, first)
        next(iter(_parsed(rule, first, "UTC", first)), None)
    except (ValueError, TypeError, OverflowError, KeyError, IndexError):
        raise Refused("recurrence", _("That is not a rule of RFC 5545, such as FREQ=WEEKLY;BYDAY=MO.")) from None
    return rule


def upcoming(reminder: Reminder, count: int = 5) -> list[datetime]:
    """The next ``count`` instants in UTC, ``due_at`` first. One for a reminder that does not repeat."""
    return [instant for _wall_time, instant in coming(reminder, count)]


def coming(reminder: Reminder, count: int = 5) -> list[tuple[datetime, datetime]]:
    """As :func:`upcoming`, each with the naive wall time that was asked for, which its day may not have."""
    first = (datetime.fromisoformat(reminder.wall_time), reminder.due_at)
    return [first, *islice(following(reminder, reminder.due_at), count - 1)]


def next_after(reminder: Reminder, moment: datetime) -> tuple[datetime, datetime] | None:
    """The first occurrence after an instant, as (naive wall time, instant in UTC); None when the series has ended.

    What fell due in between is left out: after an outage a series sends one mail, not all that were missed.
    """
    return next(following(reminder, max(moment, reminder.due_at)), None)


def following(reminder: Reminder, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
    """All occurrences after an instant, as :func:`next_after` gives them one by one."""
    last = moment
    for wall_time, instant in _occurrences(reminder, moment):
        if instant > last:  # a time that the clocks skip can land on the next one: one occurrence a slot
            last = instant
            yield wall_time, instant


def _occurrences(reminder: Reminder, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
    if not reminder.recurrence:
        return
    first = datetime.fromisoformat(reminder.series_start or reminder.wall_time)
    around = when.local(moment, reminder.zone).replace(tzinfo=None)
    for wall_time in _parsed(reminder.recurrence, first, reminder.zone, around):
        yield wall_time, when.instant(wall_time, reminder.zone)


def _parsed(rule: str, first: datetime, zone: str, around: datetime) -> Iterator[datetime]:
    """The wall times of a rule near and after ``around``, searched no further than :data:`HORIZON`.

    An UNTIL in UTC is an instant (RFC 5545 3.3.10): it is compared on the wall clock of the zone.
    """
    parts = dict(part.split("=") for part in rule.split(";"))
    count, stamp = parts.pop("COUNT", None), parts.pop("UNTIL", None)
    until = around + HORIZON
    if stamp is not None:
        until = min(until, _until(stamp, zone))
    parsed = rrulestr(";".join(map("=".join, parts.items())), dtstart=first)
    if isinstance(parsed, rruleset):
        raise ValueError("one rule at a time")  # noqa: TRY004
    occurrences = islice(parsed.replace(until=until), int(count) if count else None)
    return (each for each in occurrences if each >= around - timedelta(days=1))


def _check_that_it_comes_again(parts: dict[str, str], first: datetime) -> None:
    """Refuses the thirtieth of February, for which dateutil would search to the year 9999.

    The calendar repeats every 400 years, so the search is made from as late a start as it allows, and is short.
    """
    cycles = (9999 - first.year) // 400
    late = first.replace(year=first.year + 400 * cycles)
    rule = ";".join(f"{name}={value}" for name, value in parts.items() if name not in {"COUNT", "UNTIL"})
    if next((each for each in rrulestr(rule, dtstart=late) if each > late), None) is None:
        raise Refused("recurrence", _("That day never comes."))


def _until(stamp: str, zone: str) -> datetime:
    if stamp.endswith("Z"):
        return when.local(datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC), zone).replace(tzinfo=None)
    if "T" in stamp:
        return datetime.strptime(stamp, "%Y%m%dT%H%M%S")  # noqa: DTZ007  # a wall time, as the rule writes it
    return datetime.strptime(stamp, "%Y%m%d").replace(hour=23, minute=59, second=59)  # noqa: DTZ007
