"""Editing a reminder, and what becomes of one."""

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup

from tests import factories
from tests.unit.reminders.pages import ask, error_of, every_reminder, press, shown, the_reminder, words
from webapp.reminders.models import ReminderState

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)


def edit(client, reminder, **fields):
    address = f"/reminders/{reminder.id}/edit"
    page = BeautifulSoup(client.get(address).data, "html.parser")
    kept = {each["name"]: each.get("value", "") for each in page.select("main form input[name]")}
    return client.post(address, data={**kept, "repeat": "never", **fields})


def test_an_edit_moves_the_reminder_and_raises_its_version(browser, bob):
    reminder = factories.reminder(bob)
    answer = edit(browser, reminder, when="2026-11-28 20:00", text="Read it again")
    assert answer.status_code == 303
    reminder = the_reminder()
    assert (reminder.text, reminder.version) == ("Read it again", 2)
    assert reminder.due_at == datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def test_new_words_alone_leave_the_time_as_it_was(browser, bob):
    due_at = NOW + timedelta(minutes=3, seconds=7, microseconds=12)
    reminder = factories.reminder(bob, due_at=due_at)
    assert edit(browser, reminder, text="Other words").status_code == 303
    assert the_reminder().due_at == due_at


def test_a_new_city_alone_keeps_the_time_on_the_clock(browser, bob):
    reminder = factories.reminder(bob, due_at=datetime(2026, 11, 28, 2, 0, tzinfo=UTC))
    edit(browser, reminder, zone="Berlin")
    assert the_reminder().wall_time == "2026-11-28T10:00:00"
    assert the_reminder().due_at == datetime(2026, 11, 28, 9, 0, tzinfo=UTC)


def test_a_stale_edit_is_a_conflict_that_keeps_what_was_typed(browser, bob):
    reminder = factories.reminder(bob)
    answer = edit(browser, reminder, version="7", text="Mine", when="2026-11-30 10:00")
    assert answer.status_code == 409
    assert "This reminder has changed since you opened it." in words(answer)
    assert 'value="Mine"' in answer.text
    assert 'name="version" type="hidden" value="1"' in answer.text
    assert the_reminder().text == "Water the plants"


@pytest.mark.parametrize("version", ["", "x", "-1", "²", "9" * 400, None])
def test_a_version_that_is_no_number_is_a_conflict_too(browser, bob, version):
    reminder = factories.reminder(bob)
    assert edit(browser, reminder, version=version).status_code == 409


def test_an_edit_that_does_not_fit_changes_nothing(browser, bob):
    reminder = factories.reminder(bob)
    answer = edit(browser, reminder, text="Other", when="last year")
    assert answer.status_code == 422
    assert error_of(answer, "when")
    assert 'value="Other"' in answer.text
    assert (the_reminder().text, the_reminder().version) == ("Water the plants", 1)


def test_a_richer_rule_from_a_program_survives_an_edit(browser, bob):
    rule = "FREQ=WEEKLY;BYDAY=MO,FR"
    reminder = factories.reminder(bob, recurrence=rule, series_start="2026-11-25T10:40:00")
    assert "Then every Monday and Friday" in shown(browser, f"/reminders/{reminder.id}/edit")
    edit(browser, reminder, text="Other words", repeat="as-is")
    assert (the_reminder().recurrence, the_reminder().text) == (rule, "Other words")


def test_the_edit_page_shows_the_next_five_and_which_one_moves(browser):
    ask(browser, when="2027-02-28 02:30", zone="New York", repeat="weekly")
    page = BeautifulSoup(browser.get(f"/reminders/{the_reminder().id}/edit").data, "html.parser")
    rows = [" ".join(row.get_text(" ").split()) for row in page.select("tbody tr")]
    assert len(rows) == 5
    assert rows[2] == "Sun 14 Mar 2027, 03:30 15:30 moved"
    assert [row.get("class") for row in page.select("tbody tr")] == [None, None, ["now"], None, None]


def test_what_is_over_needs_a_new_time(browser, bob):
    reminder = factories.reminder(bob, due_at=NOW - timedelta(days=3), state=ReminderState.FIRED)
    answer = edit(browser, reminder, text="Other")
    assert answer.status_code == 422
    assert "Give it a new time" in error_of(answer, "when")
    assert edit(browser, reminder, when="tomorrow 9am").status_code == 303
    assert the_reminder().state is ReminderState.PENDING


def test_a_cancelled_reminder_can_be_brought_back_by_undo(browser, bob):
    reminder = factories.reminder(bob, "Pay the hosting")
    assert press(browser, reminder, "cancellation").status_code == 303
    page = browser.get("/reminders")
    assert "Cancelled “Pay the hosting”. Nothing will be sent." in words(page)
    assert the_reminder().state is ReminderState.CANCELLED
    undo = BeautifulSoup(page.data, "html.parser").select_one(".note form")
    assert undo["action"] == f"/reminders/{reminder.id}/restoration"
    press(browser, reminder, "restoration")
    assert the_reminder().state is ReminderState.PENDING
    assert "“Pay the hosting” is back." in shown(browser)


def test_too_late_to_undo_asks_for_a_new_time(browser, bob, frozen):
    reminder = factories.reminder(bob, due_at=NOW + timedelta(minutes=1), state=ReminderState.CANCELLED)
    frozen.move_to(NOW + timedelta(minutes=9), tick=False)
    answer = press(browser, reminder, "restoration")
    assert answer.status_code == 422
    assert "already past" in error_of(answer, "when")
    assert the_reminder().state is ReminderState.CANCELLED


def test_done_is_done_and_a_repeating_one_moves_on(browser, bob):
    once = factories.reminder(bob, "Once")
    press(browser, once, "completion")
    assert the_reminder().state is ReminderState.DONE
    daily = factories.reminder(bob, "Daily", recurrence="FREQ=DAILY", series_start="2026-11-25T10:40:00")
    due_at = daily.due_at
    press(browser, daily, "completion")
    assert every_reminder()[1].due_at == due_at + timedelta(days=1)
    assert "Done for this time. “Daily” comes again Thu 26 Nov, 10:40" in shown(browser)


@pytest.mark.parametrize(("by", "later"), [("10m", 10), ("1h", 60), ("1d", 24 * 60)])
def test_what_is_still_to_come_is_put_off_from_its_own_time(browser, bob, by, later):
    reminder = factories.reminder(bob, due_at=NOW + timedelta(hours=1))
    press(browser, reminder, "snooze", by=by)
    assert the_reminder().due_at == NOW + timedelta(hours=1, minutes=later)


def test_a_day_later_is_the_same_time_on_the_clock_across_a_change(browser, bob):
    due_at = datetime(2027, 3, 13, 15, 0, tzinfo=UTC)  # 10:00 in New York, the day before summer time
    reminder = factories.reminder(bob, due_at=due_at, zone="America/New_York")
    press(browser, reminder, "snooze", by="1d")
    assert the_reminder().due_at == datetime(2027, 3, 14, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize("by", ["", "5y", None])
def test_a_length_we_do_not_offer_is_refused(browser, bob, by):
    reminder = factories.reminder(bob)
    assert press(browser, reminder, "snooze", by=by).status_code == 400
    assert the_reminder().version == 1


def test_what_is_cancelled_cannot_be_put_off(browser, bob):
    reminder = factories.reminder(bob, state=ReminderState.CANCELLED)
    assert press(browser, reminder, "snooze", by="1h").status_code == 422
    assert the_reminder().state is ReminderState.CANCELLED


def test_the_past_is_kept_in_pages(browser, bob):
    for number in range(55):
        state = [ReminderState.FIRED, ReminderState.DONE, ReminderState.CANCELLED][number % 3]
        factories.reminder(bob, f"Thing {number:02}", due_at=NOW - timedelta(days=number), state=state)
    first = BeautifulSoup(browser.get("/reminders/history").data, "html.parser")
    second = BeautifulSoup(browser.get(first.select_one("a[rel=next]")["href"]).data, "html.parser")
    titles = [each.get_text() for page in (first, second) for each in page.select("li.row [id^=reminder-]")]
    assert titles == [f"Thing {number:02}" for number in range(55)]
