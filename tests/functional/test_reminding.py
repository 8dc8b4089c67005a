"""A reminder, from the form to the mail and back by the links in it."""

from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from tests.world import post_form, sign_in
from webapp.reminders.models import Reminder, ReminderState

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # nine o'clock in Shanghai, where Bob is
WORDS = "Ring the boat club"


@pytest.fixture
def bob(time_machine, visitor, world):
    time_machine.move_to(MORNING, tick=False)
    sign_in(visitor.client, world.bob)
    visitor.visit("/reminders")
    return visitor


@pytest.fixture
def at(time_machine, runner, jobs):
    """A function that lets a moment come, with what the dispatcher and a worker do just before it and at it."""

    def come(moment):
        for step in (timedelta(seconds=-30), timedelta(milliseconds=200), timedelta(seconds=2), timedelta(seconds=40)):
            time_machine.move_to(moment + step, tick=False)
            assert runner("sweep").exit_code == 0
            jobs.run()

    return come


def due(session) -> datetime:
    return session.query(Reminder).one().due_at


def test_a_reminder_in_local_time_arrives_once_by_mail(bob, world, session, smtp, jobs, at):
    page = bob.fill(text=WORDS, when="2026-11-23 18:30")
    assert page.status == 200
    assert WORDS in page.text
    assert due(session) == datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
    assert jobs.sent == [], "the broker holds nothing that is far away"

    at(due(session))
    mail = smtp.only(world.bob.email, "reminder")
    for part in (mail.text, mail.html):
        assert WORDS in part
    assert mail.message["Auto-Submitted"] == "auto-generated"
    at(due(session) + timedelta(hours=1))
    assert len(smtp.to(world.bob.email)) == 1


def test_a_near_reminder_is_handed_over_after_the_commit(bob, jobs, session, smtp, world, time_machine):
    bob.fill(text=WORDS, when="2026-11-23 09:00:40")
    (job,) = jobs.sent
    reminder = session.query(Reminder).one()
    assert (job.name, job.args, job.eta) == ("reminders.remind", (reminder.id, reminder.version), reminder.due_at)
    time_machine.move_to(reminder.due_at, tick=False)
    jobs.run()
    smtp.only(world.bob.email, "reminder")


def test_words_are_read_in_the_persons_zone(bob, session):
    bob.fill(text=WORDS, when="tomorrow 9am")
    assert due(session) == MORNING + timedelta(days=1)


def test_a_repeating_reminder_comes_again_at_the_same_wall_time(bob, world, session, smtp, at):
    bob.fill(text=WORDS, when="2026-11-24 09:00", repeat="daily")
    for day in (1, 2, 3):
        at(MORNING + timedelta(days=day))
        assert len(smtp.to(world.bob.email, "reminder")) == day


def test_an_edited_reminder_comes_at_its_new_time_only(bob, world, session, smtp, jobs, at):
    bob.fill(text=WORDS, when="2026-11-23 10:00")
    old = due(session)
    bob.visit(f"/reminders/{session.query(Reminder).one().id}/edit")
    assert bob.fill(text="Ring the sailing club", when="2026-11-23 12:00").status == 200
    assert jobs.sent == [], "the broker holds nothing that is far away"
    at(old)
    assert smtp.received == []
    at(due(session))
    assert "Ring the sailing club" in smtp.only(world.bob.email, "reminder").text


def test_a_reminder_that_came_comes_again_when_it_is_given_a_new_time(bob, world, session, smtp, at):
    bob.fill(text=WORDS, when="2026-11-23 10:00")
    at(due(session))
    smtp.only(world.bob.email, "reminder")
    bob.visit(f"/reminders/{session.query(Reminder).one().id}/edit")
    bob.fill(when="2026-11-23 12:00")
    at(due(session))
    first, second = smtp.to(world.bob.email, "reminder")
    assert first.message["Message-ID"] != second.message["Message-ID"]


def test_a_cancelled_reminder_is_never_mailed_and_undo_brings_it_back(bob, world, session, smtp, at):
    bob.fill(text=WORDS, when="2026-11-23 10:00")
    bob.visit("/reminders")
    page = bob.press("Cancel")
    assert session.query(Reminder).one().state is ReminderState.CANCELLED
    assert page.has_button("Undo")
    bob.press("Undo")
    assert session.query(Reminder).one().state is ReminderState.PENDING
    bob.visit("/reminders")
    bob.press("Cancel")
    at(due(session))
    assert smtp.received == []


@pytest.mark.parametrize(
    ("when", "says"),
    [("yesterday", ""), ("", ""), ("gibberish", ""), ("0001-01-01 00:00", ""), ("9999-12-31 23:59", ""), ("NaN", "")],
)
def test_a_time_that_cannot_be_is_said_beside_the_field_and_nothing_typed_is_lost(when, says, bob, session):
    page = bob.fill(text=WORDS, when=when)
    assert page.status == 422
    assert page.soup.select_one("[aria-invalid=true]")["name"] == "when"
    assert page.soup.select_one("[name=text]")["value"] == WORDS
    assert session.query(Reminder).count() == 0


def test_the_mail_lets_one_snooze_and_finish_and_looking_changes_nothing(bob, another, world, session, smtp, at):
    bob.fill(text=WORDS, when="2026-11-23 10:00")
    at(due(session))
    link = smtp.only(world.bob.email, "reminder").link("/reminders/act/")
    visitor = another()
    before = session.query(Reminder).one().state
    assert visitor.visit(link).status == 200
    assert session.query(Reminder).one().state is before
    assert visitor.fill().status == 200
    session.expire_all()
    assert session.query(Reminder).one().state is not before


def test_a_strangers_reminder_does_not_exist(bob, another, world, session):
    mine = factories.reminder(world.alice, "A secret appointment", due_at=MORNING + timedelta(hours=3))
    session.commit()
    assert "A secret appointment" not in bob.visit("/reminders").text
    for part in ("edit", "cancellation"):
        answer = post_form(bob.client, f"/reminders/{mine.id}/{part}", page="/reminders", text="Mine now")
        assert answer.status_code in {404, 405}
    session.expire_all()
    assert session.get(Reminder, mine.id).text == "A secret appointment"
    assert session.get(Reminder, mine.id).state is ReminderState.PENDING


def test_who_has_not_confirmed_is_not_mailed(time_machine, client, session):
    """Nobody can make Almanac write to a stranger."""
    unconfirmed = factories.person("Dora", confirmed=False)
    session.commit()
    answer = post_form(client, "/login", email=unconfirmed.email, password=factories.PASSWORD)
    assert answer.status_code == 403
