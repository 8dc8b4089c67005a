"""Why someone did or did not get a mail."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests import factories
from webapp.core import clock
from webapp.digests.models import DigestRun, RunState
from webapp.extensions import db as database
from webapp.mail import operations as ledger
from webapp.mail.models import Kind
from webapp.reminders import operations as reminders
from webapp.subscriptions import operations as letters
from webapp.subscriptions.dormancy import UNTIL_THEY_ANSWER
from webapp.subscriptions.following import Following
from webapp.subscriptions.models import Cadence, SubscriptionState


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


# Asked for certain days.


@pytest.fixture
def in_shanghai(app, monkeypatch):
    monkeypatch.setitem(app.config, "ALMANAC", replace(app.config["ALMANAC"], site_timezone="Asia/Shanghai"))


@pytest.fixture
def mail_of(db):
    """Writes a sent mail that was due at an instant."""

    def write(address, due_at, subject, kind=Kind.TEST, run_id=None):
        made = ledger.enqueue(
            kind=kind,
            address=address,
            content=ledger.compose(subject=subject, text="t\n", html="<p>t</p>"),
            dedupe_key=subject,
            now=due_at,
            run_id=run_id,
            dispatch=False,
        )
        db.session.flush()
        return made

    return write


def a_day_in_shanghai(day, clock_time):
    return datetime.fromisoformat(f"2026-11-{day}T{clock_time}+08:00")


def test_only_what_was_due_from_the_first_day_to_the_last_is_told(mail_of, explain, in_shanghai):
    for day, clock_time, subject in (
        ("20", "23:59", "the evening before"),
        ("21", "00:00", "the first minute"),
        ("22", "23:59", "the last minute"),
        ("23", "00:00", "the morning after"),
    ):
        mail_of("reader@example.org", a_day_in_shanghai(day, clock_time), subject)
    said = explain("reader@example.org", "--since", "2026-11-21", "--until", "2026-11-22")
    assert "the first minute" in said
    assert "the last minute" in said
    assert "the evening before" not in said
    assert "the morning after" not in said
    assert "the evening before" in explain("reader@example.org", "--until", "2026-11-20")
    assert "the morning after" in explain("reader@example.org", "--since", "2026-11-23")
    assert "No mail to this address is in the ledger of these days." in explain(
        "reader@example.org", "--since", "2026-11-24"
    )


def test_days_leave_out_the_letters_and_reminders_of_other_days(db, world, explain):
    now = clock.now()
    run = DigestRun(
        schedule_key="weekly", slot_at=now, window_start=now - timedelta(days=7), window_end=now, state=RunState.DONE
    )
    db.session.add(run)
    factories.subscription(world.bob.email)
    reminders.schedule(person=world.bob, text="Water the fig", zone="UTC", now=now, due_at=now + timedelta(days=9))
    all_of_it = explain(world.bob.email)
    assert "No letter of" in all_of_it
    assert "Water the fig" in all_of_it
    long_ago = explain(world.bob.email, "--until", f"{now - timedelta(days=3):%Y-%m-%d}")
    assert "No letter of" not in long_ago
    assert "Water the fig" not in long_ago


@pytest.mark.parametrize(
    "options",
    [
        ("--since", "last week"),
        ("--since", "2026-02-30"),
        ("--until", "9999-12-31"),
        ("--since", "0001-01-01"),
        ("--since", "2026-11-22", "--until", "2026-11-21"),
    ],
)
def test_days_that_are_none_are_one_line_and_a_failure(runner, db, in_shanghai, options):
    answer = runner("mail", "explain", "reader@example.org", *options)
    assert answer.exit_code == 1
    assert "Traceback" not in answer.output


def test_a_letter_that_went_out_is_not_called_missed_because_much_was_written_since(db, mail_of, explain):
    now = clock.now()
    run = DigestRun(
        schedule_key="weekly", slot_at=now, window_start=now - timedelta(days=7), window_end=now, state=RunState.DONE
    )
    db.session.add(run)
    db.session.flush()
    mail_of("reader@example.org", now, "The letter", kind=Kind.DIGEST, run_id=run.id)
    mail_of("reader@example.org", now + timedelta(minutes=1), "Something newer")
    said = explain("reader@example.org", "--limit", "1")
    assert "Something newer" in said
    assert "No letter of" not in said


def went_out(key, ago, now):
    made = DigestRun(
        schedule_key=key,
        slot_at=now - ago,
        window_start=now - ago - timedelta(days=7),
        window_end=now - ago,
        state=RunState.DONE,
    )
    database.session.add(made)
    database.session.flush()
    made.created_at = now - ago
    return made


def test_it_says_what_is_followed_how_often_and_since_when(db, world, explain):
    reader = factories.subscription(world.bob.email)
    wish = letters.Wish(Following.read(f"site @{world.alice.id}=daily"), hour=7, zone="Asia/Shanghai")
    letters.choose(reader, wish, now=clock.now())

    said = explain(world.bob.email)

    assert f"{world.alice.name}, every day at 07:00, Shanghai" in said
    assert "everything on this site, every week on Saturday at 07:00, Shanghai, chosen" in said


def test_a_letter_at_another_time_than_theirs_is_no_riddle(db, world, explain):
    now = clock.now()
    went_out("weekly", timedelta(hours=2), now)
    went_out("daily - 7 UTC", timedelta(hours=1), now)
    reader = factories.subscription(world.bob.email, confirmed_at=now - timedelta(days=30))
    letters.choose(reader, letters.Wish(cadence=Cadence.MONTHLY), now=now - timedelta(days=2))

    said = explain(world.bob.email)

    assert "their letters come at other times: everything on this site, every month on the first Saturday" in said
    assert said.count("No letter of") == 1  # nobody asks about the schedules of others


def test_a_letter_that_came_before_the_choice_or_in_a_pause_says_so(db, world, explain):
    now = clock.now()
    went_out("daily", timedelta(days=3), now)
    went_out("daily", timedelta(days=1), now)
    reader = factories.subscription(world.bob.email, confirmed_at=now - timedelta(days=30))
    letters.choose(reader, letters.Wish(cadence=Cadence.DAILY), now=now - timedelta(days=2))
    letters.pause(reader, until=now + timedelta(days=3), now=now - timedelta(days=2))

    said = explain(world.bob.email)

    assert "Paused until" in said
    assert "had paused" in said
    assert "chose these times later" in said


def test_who_did_not_answer_is_told_so(db, world, explain):
    factories.subscription(world.bob.email, paused_until=UNTIL_THEY_ANSWER)

    assert "did not answer" in explain(world.bob.email)
