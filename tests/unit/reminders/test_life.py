"""What becomes of a reminder after it is set, and what its history says."""

from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from tests.unit.reminders.pages import ask, press, shown, the_reminder
from webapp.core import zones
from webapp.core.errors import Refused
from webapp.extensions import db as database
from webapp.ops.dispatcher import Dispatcher
from webapp.reminders import claiming, history, operations, settling
from webapp.reminders.models import Origin, ReminderState, What
from webapp.settings.models import SiteSetting

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAILY = {"recurrence": "FREQ=DAILY", "series_start": "2026-11-25T18:00:00"}
EVENING = datetime(2026, 11, 25, 10, tzinfo=UTC)
"""18:00 in Shanghai, in eight hours."""


def told(reminder):
    return [event.what for event in reversed(history.of(reminder))]


def test_everything_that_happens_is_in_the_history_with_where_it_was_done(browser, bob):
    ask(browser)
    reminder = the_reminder()
    press(browser, reminder, "snooze", by="1h")
    press(browser, reminder, "pause")
    press(browser, reminder, "resumption")
    press(browser, reminder, "cancellation")
    press(browser, reminder, "restoration")
    reminder = the_reminder()
    assert told(reminder) == [
        What.SET, What.SNOOZED, What.PAUSED, What.RESUMED, What.CANCELLED, What.RESTORED,
    ]  # fmt: skip
    assert {event.origin for event in history.of(reminder)} == {Origin.PAGE}
    page = shown(browser, f"/reminders/{reminder.id}/edit")
    assert "What has happened" in page
    assert "Put off here it was due Wed 25 Nov, 16:30" in page


def test_done_on_a_repeating_reminder_can_be_undone(browser, bob):
    reminder = factories.reminder(bob, due_at=EVENING, **DAILY)
    answer = press(browser, reminder, "completion")
    assert the_reminder().due_at == EVENING + DAY
    assert "Undo" in browser.get(answer.location).text
    press(browser, reminder, "restoration")
    assert the_reminder().due_at == EVENING
    assert told(the_reminder()) == [What.DONE, What.RESTORED]


def test_done_after_it_was_sent_can_be_undone_and_nothing_is_sent_again(browser, bob, jobs, smtp):
    reminder = factories.reminder(bob, due_at=NOW - HOUR, state=ReminderState.FIRED, fired_at=NOW - HOUR)
    answer = press(browser, reminder, "completion")
    assert "Undo" in browser.get(answer.location).text
    press(browser, reminder, "restoration")
    assert the_reminder().state is ReminderState.FIRED
    assert jobs.sent == []


def test_a_reminder_is_put_off_to_a_time_of_ones_own(browser, bob):
    reminder = factories.reminder(bob, due_at=EVENING)
    press(browser, reminder, "snooze", by="until", until="tomorrow 9am")
    assert the_reminder().due_at == datetime(2026, 11, 26, 1, tzinfo=UTC)


def test_a_paused_reminder_is_never_sent(db, bob, frozen, jobs, smtp):
    reminder = factories.reminder(bob, due_at=NOW + HOUR)
    operations.pause(reminder, now=NOW)
    db.session.commit()
    frozen.move_to(NOW + 2 * HOUR, tick=False)
    assert claiming.claim(reminder, now=NOW + 2 * HOUR) is None
    assert smtp.received == []


def test_what_was_due_in_a_pause_comes_when_it_is_resumed(db, bob, frozen):
    reminder = factories.reminder(bob, due_at=NOW + HOUR)
    operations.pause(reminder, now=NOW)
    operations.resume(reminder, now=NOW + 2 * HOUR)
    assert (reminder.state, reminder.due_at) == (ReminderState.PENDING, NOW + 2 * HOUR)


def test_a_pause_until_a_day_leaves_out_what_falls_into_it(db, bob, frozen):
    reminder = factories.reminder(bob, due_at=EVENING, **DAILY)
    operations.pause(reminder, until=NOW + 3 * DAY, now=NOW)
    db.session.flush()
    assert (reminder.state, reminder.due_at) == (ReminderState.PENDING, EVENING + 3 * DAY)
    operations.resume(reminder, now=NOW + HOUR)
    assert (reminder.due_at, reminder.paused_until) == (EVENING, None)


def test_one_that_comes_once_comes_when_its_pause_ends(db, bob, frozen):
    reminder = factories.reminder(bob, due_at=EVENING)
    operations.pause(reminder, until=NOW + 3 * DAY, now=NOW)
    assert reminder.due_at == NOW + 3 * DAY


def test_a_pause_to_the_end_of_a_series_is_refused(db, bob, frozen):
    reminder = factories.reminder(bob, due_at=EVENING, **(DAILY | {"recurrence": "FREQ=DAILY;COUNT=2"}))
    with pytest.raises(Refused, match="Cancel it instead"):
        operations.pause(reminder, until=NOW + 9 * DAY, now=NOW)


# Quotas


@pytest.fixture
def at_most(app, monkeypatch):
    from dataclasses import replace

    def limit(**limits):
        monkeypatch.setitem(app.config, "ALMANAC", replace(app.config["ALMANAC"], **limits))

    return limit


def test_who_has_as_many_as_may_be_is_told_so(browser, bob, at_most):
    at_most(reminders_per_person=2)
    factories.reminder(bob)
    factories.reminder(bob, state=ReminderState.CANCELLED)
    assert ask(browser).status_code == 303
    answer = ask(browser, text="One too many")
    assert answer.status_code == 422
    assert "You have 2 reminders to come, which is as many as one person may have here." in answer.text


# Moving with a person, and with the clocks


def test_reminders_move_with_their_person_and_keep_the_time_on_the_wall(browser, bob):
    from tests.world import post_form

    here = factories.reminder(bob, "Here", due_at=EVENING)
    there = factories.reminder(bob, "There", due_at=EVENING, zone="Europe/Berlin")
    answer = post_form(browser, "/settings", name="Bob", handle="bob", bio="", zone="New York")
    assert answer.status_code == 303
    assert "One reminder moves with you" in browser.get("/settings").text
    database.session.expire_all()
    assert (here.zone, here.due_at) == ("America/New_York", datetime(2026, 11, 25, 23, tzinfo=UTC))
    assert (there.zone, there.due_at) == ("Europe/Berlin", EVENING)
    assert history.latest(here).note == "Shanghai → New York"
    assert "Moved with you: Shanghai → New York" in shown(browser)


def test_new_clock_rules_move_what_is_to_come(db, bob, frozen):
    """As if it had been set when the clocks of Berlin were believed to be an hour ahead."""
    wrong = factories.reminder(bob, "Moved", zone="Europe/Berlin", due_at=NOW + DAY, wall_time="2026-11-26T03:40:00")
    right = factories.reminder(bob, "Stays", zone="Europe/Berlin", due_at=NOW + DAY)
    db.session.add(SiteSetting(name=settling.CLOCK_RULES, value={"version": "older"}))
    db.session.commit()
    assert sum(settling.follow_clock_rules(now=NOW)) == 1
    db.session.commit()
    assert wrong.due_at == NOW + DAY + HOUR
    assert right.due_at == NOW + DAY
    assert told(wrong) == [What.CLOCKS_CHANGED]
    assert history.latest(wrong).note == "the rules of its zone have changed"
    assert list(settling.follow_clock_rules(now=NOW)) == []


def test_the_dispatcher_remembers_the_clock_rules_and_follows_new_ones_once(db, jobs, bob, frozen, monkeypatch):
    reminder = factories.reminder(bob, "Moved", zone="Europe/Berlin", due_at=NOW + 2 * DAY)
    db.session.commit()
    for rules, expected in [("first", 1), ("second", 2), ("second", 2)]:
        monkeypatch.setattr(zones, "version", lambda rules=rules: rules)
        Dispatcher().round(NOW)
        db.session.expire_all()
        assert db.session.get(SiteSetting, settling.CLOCK_RULES).value == {"version": rules}
        reminder.due_at = NOW + DAY if rules == "first" else reminder.due_at
        db.session.commit()
        assert reminder.version == expected
    assert reminder.due_at == NOW + 2 * DAY


def test_the_second_of_two_equal_times_stays_when_the_clock_rules_change(db, bob, frozen):
    second = datetime(2027, 11, 7, 6, 30, tzinfo=UTC)
    reminder = factories.reminder(bob, zone="America/New_York", due_at=second)
    assert not operations.follow_clock_rules(reminder, now=NOW, why="")
    assert reminder.due_at == second


def test_adding_a_reminder_looks_at_as_many_rows_of_ten_as_of_a_thousand(db, bob, frozen):
    """No query scans the table or counts: each goes by an index, or by a primary key."""
    from sqlalchemy import event

    statements = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        statements.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        operations.schedule(person=bob, text="x", zone="UTC", now=NOW, due_at=NOW + DAY)
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    selects = [each for each in statements if each[0].lstrip().startswith("SELECT")]
    assert selects
    for statement, parameters in selects:
        assert "count(" not in statement.lower()
        plan = database.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        for row in plan:
            assert row.detail.startswith("SEARCH"), (statement, row.detail)
            assert "USING" in row.detail
            assert "TEMP B-TREE" not in row.detail
