"""The clock of the house: what is due happens, whoever else is dead."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from tests import factories
from webapp import jobs as outbox
from webapp.core import clock
from webapp.mail import operations as ledger
from webapp.mail.models import Delivery, Kind, State
from webapp.ops import dispatcher
from webapp.ops.models import Heartbeat
from webapp.posts.models import Post, PostState
from webapp.reminders import mails
from webapp.reminders.models import Reminder, ReminderState


@pytest.fixture(autouse=True)
def _a_broker_that_may_be_tried():
    outbox.Broker.answered()
    yield
    outbox.Broker.answered()


def reminder_due(db, jobs, world, in_, **values):
    """A pending reminder whose own message, if it had one, is lost."""
    made = factories.reminder(world.bob, due_at=clock.now() + in_, **values)
    db.session.commit()
    jobs.sent.clear()
    return made


def sweep(db):
    db.session.commit()
    dispatcher.sweep_once(clock.now())
    db.session.expire_all()


def test_a_reminder_that_comes_near_is_handed_over_once_with_its_due_time(db, jobs, world):
    reminder = reminder_due(db, jobs, world, timedelta(seconds=40))
    far = reminder_due(db, jobs, world, timedelta(minutes=5))
    sweep(db)
    sweep(db)
    (job,) = jobs.named("reminders.remind")
    assert (job.args, job.eta) == ((reminder.id, reminder.version), reminder.due_at)
    assert far.handed_over_at is None


def test_a_due_reminder_whose_message_was_lost_is_offered_again(db, jobs, world, smtp):
    now = clock.now()
    reminder = reminder_due(db, jobs, world, timedelta(seconds=-1), handed_over_at=now - timedelta(seconds=30))
    sweep(db)
    assert [job.args for job in jobs.named("reminders.remind")] == [(reminder.id, reminder.version)]
    jobs.run()
    smtp.only(world.bob.email, "reminder")


def test_a_reminder_nobody_takes_is_sent_by_the_dispatcher_itself(db, jobs, world, smtp):
    now = clock.now()
    reminder_due(db, jobs, world, timedelta(seconds=-31), handed_over_at=now - timedelta(seconds=11))
    sweep(db)
    smtp.only(world.bob.email, "reminder")
    assert jobs.named("reminders.remind") == []


def test_without_a_broker_what_is_due_is_sent_by_the_dispatcher_itself(db, jobs, world, smtp):
    jobs.refusing = True
    reminder_due(db, jobs, world, timedelta(seconds=-1))
    sweep(db)
    smtp.only(world.bob.email, "reminder")


def test_reminders_of_one_moment_share_their_messages(db, jobs, world, smtp):
    due_at = clock.now() + timedelta(seconds=40)
    set_for_it = [factories.reminder(world.bob, f"r{number}", due_at=due_at) for number in range(25)]
    another = factories.reminder(world.bob, "another", due_at=due_at + timedelta(seconds=15))
    sweep(db)
    sweep(db)
    assert [len(job.args[0]) for job in jobs.named("reminders.remind_each")] == [20, 5]
    assert {job.eta for job in jobs.named("reminders.remind_each")} == {due_at}
    assert [job.args for job in jobs.named("reminders.remind")] == [(another.id, another.version)]
    with time_machine.travel(due_at):
        jobs.run()
    assert len(smtp.to(world.bob.email, "reminder")) == len(set_for_it)


def test_a_reminder_that_cannot_be_sent_holds_up_none_beside_it(db, jobs, world, smtp, monkeypatch):
    jobs.refusing = True
    due_at = clock.now() - timedelta(seconds=31)
    bad, *others = (
        factories.reminder(world.bob, f"r{number}", due_at=due_at, handed_over_at=due_at) for number in range(3)
    )
    write = mails.write

    def refuse_one(reminder, **rest):
        if reminder.id == bad.id:
            raise ValueError("nobody can render this")
        return write(reminder, **rest)

    monkeypatch.setattr(mails, "write", refuse_one)
    sweep(db)
    assert len(smtp.to(world.bob.email, "reminder")) == len(others)
    assert bad.state is ReminderState.PENDING


def test_without_a_broker_a_request_is_kept_waiting_once_and_not_again(db, jobs, world):
    jobs.refusing = True
    assert outbox.publish(outbox.Job("mail.drain", ())) is False
    jobs.refusing = False
    assert outbox.publish(outbox.Job("mail.drain", ())) is False, "it was tried again at once"
    assert jobs.sent == []


def test_two_dispatchers_send_one_mail(db, jobs, world, smtp):
    jobs.refusing = True
    reminder_due(db, jobs, world, timedelta(seconds=-1))
    sweep(db)
    sweep(db)
    assert len(smtp.to(world.bob.email)) == 1


def test_a_mail_put_off_by_the_server_is_tried_again_when_its_time_comes(db, jobs, world, smtp):
    smtp.replies["RCPT"] = "450 4.2.1 try later"
    content = ledger.compose(subject="s", text="t\n", html="<p>t</p>")
    ledger.enqueue(kind=Kind.TEST, address="r@example.org", content=content, dedupe_key="k", now=clock.now())
    db.session.commit()
    jobs.run()
    smtp.replies.clear()
    sweep(db)
    assert jobs.run() == 0, "before its time"
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        sweep(db)
        jobs.run()
    smtp.only("r@example.org")
    assert db.session.scalars(select(Delivery.state)).one() is State.SENT


def test_what_a_dead_worker_had_claimed_is_sent_after_its_lease(db, jobs, world, smtp):
    content = ledger.compose(subject="s", text="t\n", html="<p>t</p>")
    delivery = ledger.enqueue(
        kind=Kind.TEST, address="r@example.org", content=content, dedupe_key="k", now=clock.now(), dispatch=False
    )
    ledger.claim(delivery.id, now=clock.now())
    db.session.execute(update(Delivery).values(lease_until=clock.now() - timedelta(seconds=1)))
    sweep(db)
    with time_machine.travel(clock.now() + timedelta(seconds=2)):
        sweep(db)
        jobs.run()
    smtp.only("r@example.org")


def test_many_waiting_mails_are_offered_as_one_batch(db, jobs, world, smtp):
    content = ledger.compose(subject="s", text="t\n", html="<p>t</p>")
    for number in range(dispatcher.A_FEW + 1):
        ledger.enqueue(
            kind=Kind.TEST,
            address=f"r{number}@example.org",
            content=content,
            dedupe_key=str(number),
            now=clock.now() - timedelta(seconds=5),
            dispatch=False,
        )
    sweep(db)
    assert [job.name for job in jobs.sent if job.name.startswith("mail.")] == ["mail.drain"]
    jobs.run()
    assert len(smtp.received) == dispatcher.A_FEW + 1


def test_a_scheduled_post_appears_when_its_time_has_come(db, jobs, world):
    post = factories.post(world.alice, "Salt", state=PostState.SCHEDULED, publish_at=clock.now() - timedelta(seconds=1))
    sweep(db)
    assert db.session.get(Post, post.id).state is PostState.PUBLISHED


def test_one_broken_chore_keeps_no_other_from_being_done(db, jobs, world, smtp, monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError("this chore is broken")

    monkeypatch.setattr(dispatcher.posts, "publish_due", broken)
    jobs.refusing = True
    reminder_due(db, jobs, world, timedelta(seconds=-1))
    sweep(db)
    assert len(smtp.to(world.bob.email)) == 1
    assert db.session.scalars(select(Reminder.state)).one() is ReminderState.FIRED


def test_it_leaves_a_sign_of_life(db, jobs, world):
    sweep(db)
    sweep(db)
    assert clock.now() - db.session.get(Heartbeat, "dispatcher").seen_at < timedelta(seconds=5)
