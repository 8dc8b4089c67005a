"""Reminders in a calendar program: the private feed, and the file in the mail."""

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from icalendar import Calendar
from sqlalchemy import event

from tests import factories
from tests.unit.reminders.pages import press
from tests.world import post_form
from webapp.reminders import calendar, firing, recurrence
from webapp.reminders.models import ReminderState

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def subscribe(browser):
    """The address that Bob's calendar is given."""

    def ask():
        assert post_form(browser, "/reminders/calendar").status_code == 303
        page = BeautifulSoup(browser.get("/reminders/calendar").data, "html.parser")
        return page.select_one("#address")["value"].removeprefix("http://localhost")

    return ask


def events(app, address):
    answer = app.test_client().get(address)
    assert answer.status_code == 200
    assert answer.content_type == "text/calendar; charset=utf-8"
    return Calendar.from_ical(answer.data).walk("VEVENT")


def test_the_feed_holds_what_is_to_come_without_signing_in(app, browser, bob, subscribe, world):
    factories.reminder(bob, "Tea, 茶; now", due_at=NOW + DAY)
    factories.reminder(bob, "Over", due_at=NOW + DAY, state=ReminderState.CANCELLED)
    factories.reminder(world.carol, "Not Bob's", due_at=NOW + DAY)
    (event,) = events(app, subscribe())
    assert event["SUMMARY"] == "Tea, 茶; now"
    assert event["DTSTART"].dt.astimezone(UTC) == NOW + DAY
    assert event.walk("VALARM")[0]["TRIGGER"].dt == timedelta(0)


def test_a_series_has_its_rule_and_its_zone(app, bob, subscribe):
    factories.reminder(
        bob,
        zone="America/New_York",
        due_at=datetime(2026, 11, 26, 14, tzinfo=UTC),
        recurrence="FREQ=DAILY;COUNT=5",
        series_start="2026-11-24T09:00:00",
    )
    address = subscribe()
    (event,) = events(app, address)
    assert event["RRULE"].to_ical() == b"FREQ=DAILY;COUNT=3"
    assert event["DTSTART"].params["TZID"] == "America/New_York"
    whole = Calendar.from_ical(app.test_client().get(address).data)
    assert [zone["TZID"] for zone in whole.walk("VTIMEZONE")] == ["America/New_York"]


def test_an_event_keeps_its_uid_and_counts_its_changes(app, browser, bob, subscribe):
    reminder = factories.reminder(bob, due_at=NOW + DAY)
    address = subscribe()
    (before,) = events(app, address)
    press(browser, reminder, "snooze", by="1h")
    (after,) = events(app, address)
    assert after["UID"] == before["UID"] == f"reminder-{reminder.id}@localhost"
    assert after["SEQUENCE"] > before["SEQUENCE"]


def test_a_time_that_was_put_off_stands_beside_its_series(app, browser, bob, subscribe):
    reminder = factories.reminder(bob, due_at=NOW + DAY, recurrence="FREQ=DAILY", series_start="2026-11-26T09:40:00")
    press(browser, reminder, "snooze", by="10m")
    once, series = events(app, subscribe())
    assert once["DTSTART"].dt.astimezone(UTC) == NOW + DAY + timedelta(minutes=10)
    assert "RRULE" not in once
    assert series["DTSTART"].dt.astimezone(UTC) == NOW + 2 * DAY


def test_until_is_an_instant_in_a_calendar(bob, db):
    reminder = factories.reminder(
        bob, due_at=NOW + DAY, recurrence="FREQ=DAILY;UNTIL=20261201", series_start="2026-11-26T09:40:00"
    )
    assert recurrence.from_here(reminder, reminder.due_at) == "FREQ=DAILY;UNTIL=20261201T155959Z"


def test_a_new_address_ends_the_old_one(app, browser, bob, subscribe):
    old = subscribe()
    new = subscribe()
    assert old != new
    stranger = app.test_client()
    assert stranger.get(old).status_code == 404
    assert stranger.get(new).status_code == 200
    post_form(browser, "/reminders/calendar/end", page="/reminders/calendar")
    assert stranger.get(new).status_code == 404


@pytest.mark.parametrize("token", ["x", "x" * 5000, "%00", "..%2f"])
def test_an_address_nobody_has_is_not_found(client, db, token):
    assert client.get(f"/reminders/calendar/{token}.ics").status_code == 404


def test_nothing_new_is_a_304(app, bob, subscribe):
    address = subscribe()
    stranger = app.test_client()
    tag = stranger.get(address).headers["ETag"]
    assert stranger.get(address, headers={"If-None-Match": tag}).status_code == 304


def test_the_mail_brings_a_file_for_the_calendar_and_text_stays_first(db, bob, smtp, frozen):
    reminder = factories.reminder(bob, "Tea", due_at=NOW)
    db.session.commit()
    firing.fire(reminder.id, reminder.version)
    message = smtp.only(bob.email).message
    assert message.get_content_type() == "multipart/alternative"
    text, file, html = message.iter_parts()
    assert [part.get_content_type() for part in (text, file, html)] == ["text/plain", "text/calendar", "text/html"]
    assert file.get_filename() == "reminder.ics"
    (event,) = Calendar.from_ical(file.get_content()).walk("VEVENT")
    assert (event["SUMMARY"], event["DTSTART"].dt.astimezone(UTC)) == ("Tea", NOW)


def test_a_calendar_of_many_asks_the_database_nothing(db, bob, frozen):
    many = [factories.reminder(bob, due_at=NOW + DAY) for _ in range(200)]
    db.session.commit()
    for each in many:
        db.session.refresh(each)
    asked = []
    note = lambda *of: asked.append(of[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        written = calendar.of(many, name="x")
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert written.count("BEGIN:VEVENT") == 200
    assert asked == []
