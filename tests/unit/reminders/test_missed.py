"""After the house was down: late within a day, else said in one mail, and never a flood."""

from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from webapp.core import clock
from webapp.ops.dispatcher import Dispatcher
from webapp.reminders import history
from webapp.reminders.models import ReminderState, What

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def come_back(db, jobs, smtp, bob):
    """The dispatcher after an outage, with a worker."""

    def rounds(count=2):
        db.session.commit()
        for _ in range(count):
            Dispatcher().round(clock.now())
            jobs.run(clock.now())
        db.session.expire_all()
        return smtp.to(bob.email)

    return rounds


def test_within_a_day_it_is_sent_late_and_says_when_it_was_due(come_back, bob):
    reminder = factories.reminder(bob, "Water the fig", due_at=NOW - 23 * HOUR)
    (mail,) = come_back()
    assert mail.subject == "Water the fig"
    for part in (mail.text, mail.html):
        assert "This was due at Tue 24 Nov 2026, 10:40 · Shanghai" in " ".join(part.split())
    assert history.latest(reminder).what is What.LATE


def test_after_a_day_all_that_expired_is_told_in_one_mail(come_back, bob):
    old = [factories.reminder(bob, f"Thing {number}", due_at=NOW - DAY - number * HOUR) for number in range(4)]
    mails = come_back(3)
    (mail,) = mails
    assert mail.subject == "4 reminders we could not send in time"
    for part in (mail.text, mail.html):
        assert all(f"Thing {number}" in part for number in range(4))
        assert "Tue 24 Nov 2026, 09:40" in part
    assert {reminder.state for reminder in old} == {ReminderState.EXPIRED}
    assert {history.latest(reminder).what for reminder in old} == {What.EXPIRED}


def test_a_daily_reminder_sends_one_after_three_days(come_back, bob):
    first = NOW - 3 * DAY - HOUR
    reminder = factories.reminder(bob, "Tea", due_at=first, recurrence="FREQ=DAILY", series_start="2026-11-22T08:40:00")
    (mail,) = come_back(3)
    assert "This was due at Wed 25 Nov 2026, 08:40" in " ".join(mail.text.split())
    assert reminder.due_at == NOW + DAY - HOUR
    assert reminder.state is ReminderState.PENDING


def test_a_weekly_one_that_missed_its_day_is_reported_and_goes_on(come_back, bob):
    reminder = factories.reminder(
        bob, "Tea", due_at=NOW - 3 * DAY, recurrence="FREQ=WEEKLY", series_start="2026-11-22T09:40:00"
    )
    (mail,) = come_back(3)
    assert mail.subject == "A reminder we could not send in time"
    assert (reminder.state, reminder.due_at) == (ReminderState.PENDING, NOW + 4 * DAY)


def test_the_report_is_one_although_what_expired_is_found_in_many_batches(come_back, bob):
    for number in range(50):
        factories.reminder(bob, f"Thing {number}", due_at=NOW - 2 * DAY - number * HOUR)
    (mail,) = come_back(3)
    assert mail.subject == "50 reminders we could not send in time"
