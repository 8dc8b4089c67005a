"""After the house was down: late within a day, else said in one mail, and never a flood."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests import factories
from webapp.core import clock
from webapp.mail.models import Delivery, State
from webapp.ops.dispatcher import Dispatcher
from webapp.ops.forecast import forecast
from webapp.reminders import history
from webapp.reminders.models import Leave, Recipient, ReminderState, What

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


class TestAMailServerThatTakesNothing:
    """The house was up, and each mail was tried for a day."""

    @pytest.fixture
    def pass_time(self, db, jobs, frozen, bob):
        def on(*moments):
            for moment in moments:
                frozen.move_to(moment, tick=False)
                db.session.commit()
                dispatcher.next_chores.clear()
                for _ in range(2):
                    dispatcher.round(clock.now())
                    jobs.run(clock.now())
            db.session.expire_all()

        dispatcher = Dispatcher()
        return on

    def every_hour(self, start, hours):
        return [start + number * HOUR for number in range(hours)]

    def test_what_expired_in_the_ledger_is_told_in_one_mail_once_the_server_is_back(self, pass_time, smtp, bob, db):
        single = factories.reminder(bob, "Ring the printer", due_at=NOW)
        daily = factories.reminder(
            bob, "Tea", due_at=NOW + HOUR, recurrence="FREQ=DAILY", series_start="2026-11-25T10:40:00"
        )
        smtp.replies["RCPT"] = "450 4.2.1 try later"
        pass_time(*self.every_hour(NOW, 31))
        assert smtp.to(bob.email) == []
        assert single.state is ReminderState.EXPIRED
        assert history.latest(single).what is What.EXPIRED
        assert daily.state is ReminderState.PENDING
        smtp.replies.clear()
        pass_time(*self.every_hour(NOW + 31 * HOUR, 12))
        missed = [mail for mail in smtp.to(bob.email) if "could not send" in mail.subject]
        (mail,) = missed
        assert mail.subject == "2 reminders we could not send in time"
        for part in (mail.text, mail.html):
            assert "Ring the printer" in part
            assert "Wed 25 Nov 2026, 09:40" in part
            assert "Wed 25 Nov 2026, 10:40" in part

    def test_that_mail_expiring_itself_tells_of_nothing_more(self, pass_time, smtp, bob, db):
        factories.reminder(bob, "Ring the printer", due_at=NOW - DAY - HOUR)
        smtp.replies["RCPT"] = "450 4.2.1 try later"
        pass_time(*self.every_hour(NOW, 30))
        theirs = db.session.scalars(select(Delivery.state).where(Delivery.address == bob.email)).all()
        assert theirs == [State.EXPIRED]

    def test_a_mail_to_somebody_else_that_expired_stands_in_the_history(self, pass_time, smtp, bob, db):
        other = Recipient(
            person_id=bob.id, address="friend@example.net", leave=Leave.ACCEPTED, requests=1, asked_at=NOW
        )
        db.session.add(other)
        db.session.flush()
        both = factories.reminder(bob, "Both", due_at=NOW, recipient_id=other.id)
        only = factories.reminder(bob, "Only them", due_at=NOW, recipient_id=other.id, with_me=False)
        smtp.replies["friend@example.net"] = "450 4.2.1 try later"
        pass_time(*self.every_hour(NOW, 26))
        for reminder in (both, only):
            latest = history.latest(reminder)
            assert (latest.what, latest.note) == (What.EXPIRED, "friend@example.net")
        assert both.state is ReminderState.FIRED
        (mail,) = [mail for mail in smtp.to(bob.email) if "could not send" in mail.subject]
        assert "Only them" in mail.text
        assert "Both" not in mail.text

    def test_the_forecast_knows_of_that_mail(self, pass_time, smtp, bob, db, frozen):
        factories.reminder(bob, "Ring the printer", due_at=NOW)
        smtp.replies["RCPT"] = "450 4.2.1 try later"
        pass_time(NOW)
        frozen.move_to(NOW + DAY + HOUR, tick=False)
        told = [(each.address, each.what) for each in forecast(clock.now(), 1).mails]
        assert told == [(bob.email, "What could not be sent in time")]
