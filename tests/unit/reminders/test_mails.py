"""What a reminder and a welcome look like in the inbox."""

from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from webapp.accounts.models import Role
from webapp.core import clock
from webapp.reminders import firing, operations
from webapp.reminders.models import ReminderKind, ReminderState

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)


@pytest.fixture
def sent(db, smtp, bob):
    """The mail of a reminder of Bob's that is due now."""

    def send(text="Water the fig", late=timedelta(0), **values):
        reminder = factories.reminder(bob, text, due_at=NOW - late, **values)
        db.session.commit()
        assert firing.fire(reminder.id, reminder.version)
        return smtp.only(bob.email)

    return send


def test_a_reminder_says_what_and_when_in_full_in_both_parts(sent):
    mail = sent()
    assert mail.subject == "Water the fig"
    for part in (mail.text, mail.html):
        assert "Water the fig" in part
        assert "Wed 25 Nov 2026, 09:40" in part
        assert "Shanghai" in part
        assert "We are late" not in part


def test_the_link_that_matters_comes_first(sent, world):
    post = factories.post(world.alice, "Salt", published_at=NOW)
    mail = sent(post_id=post.id)
    paths = [link.removeprefix("http://localhost") for link in mail.links()]
    assert paths[0].startswith("/reminders/act/")
    assert any(path.endswith("/edit") for path in paths)
    for part in (mail.text, mail.html):
        assert part.index("/reminders/act/") < part.index("/edit") < part.index(f"/posts/{post.slug}")
        assert "Salt" in part


def test_a_late_reminder_says_so(sent):
    mail = sent(late=timedelta(hours=2))
    for part in (mail.text, mail.html):
        assert "Wed 25 Nov 2026, 07:40" in part
        assert "We are late with this one" in part


def test_what_people_type_is_text_in_the_html_and_stands_in_no_other_header(sent):
    mail = sent("<b>x</b> & “y” =?utf-8?q?z?=")
    assert "&lt;b&gt;x&lt;/b&gt; &amp;" in mail.html
    assert "<b>x</b> & “y”" in mail.text
    assert not any("<b>x" in value for name, value in mail.message.items() if name != "Subject")


def test_a_post_one_may_not_read_is_not_named(sent, world):
    post = factories.post(world.alice, "Secret plans")
    mail = sent(post_id=post.id)
    assert "Secret plans" not in mail.text + mail.html


@pytest.fixture
def welcomed(db, smtp, frozen):
    def send(role):
        person = factories.person("Nora", role=role, zone="Asia/Shanghai")
        reminder = operations.welcome(person=person, now=clock.now())
        db.session.commit()
        assert (reminder.kind, reminder.state) == (ReminderKind.WELCOME, ReminderState.PENDING)
        assert firing.fire(reminder.id, reminder.version)
        return smtp.only(person.email, "welcome")

    return send


def test_a_welcome_names_what_one_can_do_here(welcomed):
    mail = welcomed(Role.READER)
    assert mail.subject == "Welcome to Almanac"
    assert mail.links()[0] == "http://localhost/"
    for part in (mail.text, mail.html):
        assert "Welcome, Nora." in part
        for path in ("/reminders", "/subscribe", "/settings"):
            assert f"http://localhost{path}" in part
        assert "/write" not in part
        assert "/reminders/act/" not in part


def test_an_author_is_welcomed_to_write(welcomed):
    mail = welcomed(Role.AUTHOR)
    for part in (mail.text, mail.html):
        assert "http://localhost/write" in part
