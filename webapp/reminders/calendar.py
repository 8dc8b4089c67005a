"""Reminders as a calendar, RFC 5545: the feed of one person, and the one event that goes with a mail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from icalendar import Alarm, Calendar, Event, vRecur

from webapp.core import site
from webapp.core.urls import absolute
from webapp.reminders import recurrence, when
from webapp.reminders.models import Reminder, ReminderState

PRODUCT = "-//Almanac//Reminders//EN"


def of(reminders: Iterable[Reminder], *, name: str) -> str:
    """The calendar of these reminders, with the rules of every zone they are set in."""
    calendar = _empty()
    calendar.add("x-wr-calname", name)
    calendar.add("name", name)
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for reminder in reminders:
        for event in _events(reminder):
            calendar.add_component(event)
    calendar.add_missing_timezones()
    return str(calendar.to_ical().decode())


def of_one(reminder: Reminder, due_at: datetime, *, is_own: bool = True) -> str:
    """One occurrence of a reminder, for the mail about it. An instant needs no zone, and so no rules of one.

    In the mail to somebody else, who cannot change the reminder, nothing leads to its page.
    """
    calendar = _empty()
    event = _event(reminder, _uid(reminder), due_at)
    if not is_own:
        del event["url"]
    calendar.add_component(event)
    return str(calendar.to_ical().decode())


def _empty() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    return calendar


def _events(reminder: Reminder) -> Iterable[Event]:
    """What repeats is one event with its rule; a time that was put off stands beside it as an event of its own."""
    if reminder.state is not ReminderState.PENDING:
        return
    if not reminder.recurrence:
        yield _event(reminder, _uid(reminder), reminder.due_at)
        return
    start = reminder.due_at
    if not recurrence.is_of_series(reminder):
        yield _event(reminder, _uid(reminder, "once"), reminder.due_at)
        following = recurrence.next_after(reminder, reminder.due_at)
        if following is None:
            return
        start = following[1]
    # on the clock of its zone, where it repeats
    event = _event(reminder, _uid(reminder), when.local(start, reminder.zone))
    event.add("rrule", vRecur.from_ical(recurrence.from_here(reminder, start)))
    yield event


def _event(reminder: Reminder, uid: str, at: datetime) -> Event:
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", reminder.updated_at)
    event.add("last-modified", reminder.updated_at)
    event.add("created", reminder.created_at)
    event.add("sequence", reminder.version)
    event.add("summary", reminder.text)
    event.add("dtstart", at)
    event.add("duration", timedelta(minutes=15))
    event.add("transp", "TRANSPARENT")
    event.add("url", absolute("reminders.edit", reminder_id=reminder.id))
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", reminder.text)
    alarm.add("trigger", timedelta(0))
    event.add_component(alarm)
    return event


def _uid(reminder: Reminder, part: str = "") -> str:
    suffix = f"-{part}" if part else ""
    return f"reminder-{reminder.id}{suffix}@{urlsplit(site.config().site_url).hostname}"
