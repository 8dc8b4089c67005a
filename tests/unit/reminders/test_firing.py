"""From a stored reminder to exactly one mail."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests import factories
from webapp.core import clock
from webapp.core.errors import Conflict, Refused
from webapp.mail.models import Delivery, State
from webapp.reminders import firing, operations, queries
from webapp.reminders.models import Reminder, ReminderState


def schedule(db, person, *, in_=timedelta(seconds=20), text="Call the printer", **values):
    now = clock.now()
    reminder = operations.schedule(person=person, text=text, zone=person.zone, now=now, due_at=now + in_, **values)
    db.session.commit()
    return reminder


def test_a_near_reminder_is_handed_over_after_the_commit_with_its_due_time(db, jobs, world):
    reminder = schedule(db, world.bob)
    (job,) = jobs.named("reminders.remind")
    assert job.args == (reminder.id, reminder.version)
    assert job.eta == reminder.due_at


def test_a_far_reminder_waits_in_the_database(db, jobs, world):
    reminder = schedule(db, world.bob, in_=timedelta(hours=2))
    assert jobs.sent == []
    assert reminder.handed_over_at is None


def test_a_rolled_back_reminder_leaves_no_message(db, jobs, world):
    now = clock.now()
    operations.schedule(person=world.bob, text="x", zone="UTC", now=now, due_at=now + timedelta(seconds=9))
    db.session.rollback()
    db.session.commit()
    assert jobs.sent == []


def test_a_rolled_back_savepoint_leaves_no_message(db, jobs, world):
    now = clock.now()
    savepoint = db.session.begin_nested()
    operations.schedule(person=world.bob, text="x", zone="UTC", now=now, due_at=now + timedelta(seconds=9))
    savepoint.rollback()
    db.session.commit()
    assert jobs.sent == []


def test_a_savepoint_that_holds_sends_no_message_before_the_whole_is_committed(db, jobs, world):
    """`after_commit` also fires when a savepoint is released, and the whole may still be rolled back."""
    now = clock.now()
    with db.session.begin_nested():
        operations.schedule(person=world.bob, text="x", zone="UTC", now=now, due_at=now + timedelta(seconds=9))
    assert jobs.sent == []
    db.session.rollback()
    db.session.commit()
    assert jobs.sent == []


def test_a_due_reminder_is_mailed_once_however_often_its_task_runs(db, jobs, world, smtp):
    reminder = schedule(db, world.bob, in_=timedelta(0))
    jobs.run()
    for _ in range(5):
        assert firing.fire(reminder.id, 1) is False
    mail = smtp.only(world.bob.email, "reminder")
    assert "Call the printer" in mail.subject
    assert "Call the printer" in mail.text
    assert "Call the printer" in mail.html
    db.session.expire_all()
    assert reminder.state is ReminderState.FIRED
    assert db.session.scalars(select(Delivery)).one().state is State.SENT


def test_a_message_that_comes_much_too_early_does_nothing(db, jobs, world, smtp):
    reminder = schedule(db, world.bob, in_=timedelta(seconds=20))
    assert firing.fire(reminder.id, reminder.version) is False
    assert smtp.received == []


def test_an_edit_silences_the_old_message(db, jobs, world, smtp):
    reminder = schedule(db, world.bob)
    old = jobs.named("reminders.remind")[0].args
    operations.edit(reminder, now=clock.now(), due_at=clock.now() + timedelta(hours=1))
    db.session.commit()
    with time_machine.travel(clock.now() + timedelta(seconds=30)):
        assert firing.fire(*old) is False
    assert smtp.received == []


def test_a_cancelled_reminder_is_never_mailed(db, jobs, world, smtp):
    reminder = schedule(db, world.bob)
    args = jobs.named("reminders.remind")[0].args
    operations.cancel(reminder, now=clock.now())
    db.session.commit()
    with time_machine.travel(clock.now() + timedelta(seconds=30)):
        firing.fire(*args)
        firing.fire(reminder.id, reminder.version)
    assert smtp.received == []


def test_cancelling_after_it_fired_stops_a_mail_that_waits_for_a_retry(db, jobs, world, smtp):
    smtp.replies["RCPT"] = "450 4.2.1 try later"
    reminder = schedule(db, world.bob, in_=timedelta(0))
    jobs.run()
    db.session.expire_all()
    assert db.session.scalars(select(Delivery.state)).one() is State.QUEUED
    operations.cancel(reminder, now=clock.now())
    db.session.commit()
    assert db.session.scalars(select(Delivery.state)).one() is State.CANCELLED


def test_a_repeating_reminder_fires_and_moves_to_its_next_time(db, jobs, world, smtp):
    with time_machine.travel(datetime(2026, 11, 27, 1, 0, 1, tzinfo=UTC)):
        reminder = operations.schedule(
            person=world.bob,
            text="Water the fig",
            zone="Asia/Shanghai",
            now=clock.now(),
            wall_time=datetime(2026, 11, 27, 9, 0),
            recurrence="FREQ=WEEKLY",
        )
        db.session.commit()
        jobs.run()
        assert len(smtp.to(world.bob.email)) == 1
        db.session.expire_all()
        assert reminder.state is ReminderState.PENDING
        assert reminder.due_at == datetime(2026, 12, 4, 1, 0, tzinfo=UTC)
        assert firing.fire(reminder.id, reminder.version) is False
    with time_machine.travel(datetime(2026, 12, 4, 1, 0, 0, tzinfo=UTC)):
        assert firing.fire(reminder.id, reminder.version) is True
    assert len(smtp.to(world.bob.email)) == 2


def test_after_an_outage_a_series_sends_one_mail_and_not_all_that_were_missed(db, jobs, world, smtp):
    with time_machine.travel(datetime(2026, 11, 1, 8, tzinfo=UTC)):
        reminder = schedule(db, world.bob, in_=timedelta(hours=1), recurrence="FREQ=DAILY")
    with time_machine.travel(datetime(2026, 11, 1, 20, tzinfo=UTC)):
        assert firing.fire(reminder.id, reminder.version) is True
    with time_machine.travel(datetime(2026, 11, 9, 9, 0, 1, tzinfo=UTC)):
        db.session.expire_all()
        firing.fire(reminder.id, reminder.version)
        db.session.expire_all()
        assert firing.fire(reminder.id, reminder.version) is False
        assert reminder.due_at == datetime(2026, 11, 10, 9, tzinfo=UTC)


def test_a_new_member_is_welcomed_once_and_sees_no_reminder_of_it(db, jobs, world, smtp):
    from webapp.accounts.signals import person_confirmed

    newcomer = factories.person("Newcomer")
    person_confirmed.send(newcomer, now=clock.now())
    db.session.commit()
    jobs.run()
    assert smtp.only(newcomer.email).kind == "welcome"
    assert queries.history(newcomer) == []


def test_nobody_is_reminded_at_an_address_that_is_not_confirmed(db, jobs, world):
    stranger = factories.person("Stranger", confirmed=False)
    with pytest.raises(Refused) as refused:
        schedule(db, stranger)
    assert refused.value.field == "email"


def test_two_editors_of_one_reminder_do_not_overwrite_each_other(db, jobs, world):
    reminder = schedule(db, world.bob, in_=timedelta(hours=1))
    seen = reminder.version
    operations.edit(reminder, now=clock.now(), version=seen, text="First")
    with pytest.raises(Conflict):
        operations.edit(reminder, now=clock.now(), version=seen, text="Second")
    assert reminder.text == "First"


def test_done_moves_a_series_on_and_ends_a_single_one(db, jobs, world):
    single = schedule(db, world.bob, in_=timedelta(hours=1))
    series = schedule(db, world.bob, in_=timedelta(hours=1), recurrence="FREQ=DAILY")
    was = series.due_at
    for each in (single, series):
        operations.finish(each, now=clock.now())
    assert single.state is ReminderState.DONE
    assert series.state is ReminderState.PENDING
    assert series.due_at == was.replace(microsecond=0) + timedelta(days=1)


def test_a_cancelled_reminder_can_be_taken_back(db, jobs, world):
    reminder = schedule(db, world.bob)
    operations.cancel(reminder, now=clock.now())
    db.session.commit()
    jobs.sent.clear()
    operations.restore(reminder, now=clock.now())
    db.session.commit()
    assert jobs.named("reminders.remind")[0].args == (reminder.id, reminder.version)


def test_a_change_of_zone_keeps_the_wall_time(db, jobs, world):
    reminder = operations.schedule(
        person=world.bob,
        text="x",
        zone="Asia/Shanghai",
        now=clock.now(),
        wall_time=datetime(2027, 6, 1, 9, 0),
    )
    operations.edit(reminder, now=clock.now(), zone="Europe/Berlin")
    assert reminder.due_at == datetime(2027, 6, 1, 7, 0, tzinfo=UTC)
    assert reminder.wall_time == "2027-06-01T09:00:00"


def test_the_row_of_a_bulk_insert_is_still_found_by_the_dispatcher(db, jobs, world):
    """`after_insert` does not fire for a bulk insert; nothing may depend on it alone."""
    from sqlalchemy import insert

    now = clock.now()
    db.session.execute(
        insert(Reminder).values(
            person_id=world.bob.id, text="x", due_at=now, zone="UTC", wall_time="2026-01-01T00:00:00"
        )
    )
    db.session.commit()
    assert [row[2] for row in queries.near(now, horizon=operations.HORIZON, limit=9)] == [now]
