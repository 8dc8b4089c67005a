"""How long a reminder is put off."""

from __future__ import annotations

import enum
from datetime import datetime, time, timedelta

from webapp.reminders import when
from webapp.reminders.models import Reminder


class Snooze(enum.StrEnum):
    TEN_MINUTES = "10m"
    HOUR = "1h"
    DAY = "1d"


LENGTHS = {Snooze.TEN_MINUTES: timedelta(minutes=10), Snooze.HOUR: timedelta(hours=1)}


def until(reminder: Reminder, snooze: Snooze, *, since: datetime) -> datetime:
    """The instant, in UTC, at which it comes again when it is put off at ``since``.

    A day later means the same time on the wall, whatever the clocks do in that night.
    """
    if snooze is not Snooze.DAY:
        return since.replace(microsecond=0) + LENGTHS[snooze]
    tomorrow = when.local(since, reminder.zone).date() + timedelta(days=1)
    return when.instant(datetime.combine(tomorrow, _time_of_day(reminder)), reminder.zone)


def _time_of_day(reminder: Reminder) -> time:
    return datetime.fromisoformat(reminder.wall_time).time().replace(microsecond=0)
