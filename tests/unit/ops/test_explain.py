"""Why someone did or did not get a mail."""

from datetime import timedelta

import pytest

from tests import factories
from webapp.core import clock
from webapp.digests.models import DigestRun, RunState
from webapp.mail import operations as ledger
from webapp.reminders import operations as reminders
from webapp.subscriptions.models import SubscriptionState


@pytest.fixture
def explain(db, runner):
    def ask(address, *options):
        db.session.commit()
        answer = runner("mail", "explain", address, *options)
        assert answer.exit_code == 0, answer.output
        return answer.output

    return ask


def remind(db, jobs, person, text="Call the printer"):
    now = clock.now()
    reminders.schedule(person=person, text=text, zone="UTC", now=now, due_at=now)
    db.session.commit()
    jobs.run()


def test_a_sent_mail_says_when_it_was_due_what_the_server_said_and_how_late_it_left(db, jobs, world, smtp, explain):
    remind(db, jobs, world.bob)
    said = explain(world.bob.email)
    assert "account of Bob, confirmed" in said
    assert "“Call the printer”" in said
    assert "It was accepted." in said
    assert "The mail server accepted it.  250" in said
    assert "after it was due" in said


def test_a_mail_that_was_put_off_shows_each_try_and_the_next(db, jobs, world, smtp, explain):
    smtp.replies["RCPT"] = "450 4.2.1 mailbox busy"
    remind(db, jobs, world.bob)
    said = explain(world.bob.email)
    assert "It waits in the queue." in said
    assert "The mail server put it off.  at the recipient: 450 4.2.1 mailbox busy" in said
    assert "The next try." in said


def test_a_suppressed_address_says_why(db, world, explain):
    ledger.suppress("gone@example.org", reason="550 5.1.1 no such user", now=clock.now())
    said = explain("gone@example.org")
    assert "no account" in said
    assert "550 5.1.1 no such user" in said


@pytest.mark.parametrize(
    ("state", "words"), [(SubscriptionState.PENDING, "never confirmed"), (SubscriptionState.LEFT, "left")]
)
def test_a_letter_that_was_not_sent_says_why(db, world, explain, state, words):
    factories.subscription("reader@example.org", state=state)
    assert words in explain("reader@example.org")


def test_a_reader_with_nothing_new_and_one_who_came_later_are_told_apart(db, world, explain):
    now = clock.now()
    run = DigestRun(
        schedule_key="weekly",
        slot_at=now,
        window_start=now - timedelta(days=7),
        window_end=now,
        state=RunState.DONE,
    )
    db.session.add(run)
    factories.subscription("early@example.org")
    factories.subscription("late@example.org", confirmed_at=now + timedelta(hours=1))
    assert "nothing new" in explain("early@example.org")
    assert "not a reader then" in explain("late@example.org")


def test_what_is_still_to_come_is_named(db, jobs, world, explain):
    now = clock.now()
    reminders.schedule(person=world.bob, text="Water the fig", zone="UTC", now=now, due_at=now + timedelta(days=2))
    assert "Still to come: “Water the fig”" in explain(world.bob.email)


def test_no_address_is_one_line_and_a_failure(runner, db):
    answer = runner("mail", "explain", "not an address")
    assert answer.exit_code == 1
    assert "Traceback" not in answer.output
