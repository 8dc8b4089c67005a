"""The page behind the link in a reminder's mail. Nobody is signed in here, and there are no cookies."""

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup

from tests import factories
from webapp.core import tokens
from webapp.extensions import db as database
from webapp.reminders import firing, mails, operations
from webapp.reminders.models import Reminder, ReminderState

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)


@pytest.fixture
def stranger(app, db):
    """A browser that keeps no cookies."""
    return app.test_client(use_cookies=False)


@pytest.fixture
def mailed(db, smtp, bob):
    """A reminder that has just come, and the path of the link in its mail."""

    def send(**values):
        reminder = factories.reminder(bob, due_at=NOW, **values)
        db.session.commit()
        assert firing.fire(reminder.id, reminder.version)
        return reminder, smtp.only(bob.email).link("/reminders/act/").removeprefix("http://localhost")

    return send


def words(answer):
    return " ".join(BeautifulSoup(answer.data, "html.parser").get_text(" ").split())


def again(reminder):
    database.session.expire_all()
    return database.session.get(Reminder, reminder.id)


def test_opening_the_link_shows_the_buttons_and_changes_nothing(stranger, mailed):
    reminder, link = mailed()
    before = again(reminder).version
    answer = stranger.get(link)
    assert answer.status_code == 200
    assert "Water the plants" in words(answer)
    buttons = BeautifulSoup(answer.data, "html.parser").select("main form button")
    assert [button["value"] for button in buttons] == ["done", "10m", "1h", "1d", "until"]
    assert (again(reminder).state, again(reminder).version) == (ReminderState.FIRED, before)
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "no-store" in answer.headers["Cache-Control"]


def test_done_needs_no_cookie_and_twice_is_once(stranger, mailed):
    reminder, link = mailed()
    answer = stranger.post(link, data={"do": "done"})
    assert answer.status_code == 200
    assert "Done." in words(answer)
    version = again(reminder).version
    assert again(reminder).state is ReminderState.DONE
    assert stranger.post(link, data={"do": "done"}).status_code == 200
    assert again(reminder).version == version


@pytest.mark.parametrize(("by", "later"), [("10m", 10), ("1h", 60), ("1d", 24 * 60)])
def test_later_is_counted_from_now_and_twice_is_once(stranger, mailed, frozen, by, later):
    reminder, link = mailed()
    now = NOW + timedelta(minutes=7) if by != "1d" else NOW
    frozen.move_to(now, tick=False)
    for _ in range(2):
        answer = stranger.post(link, data={"do": by})
        assert answer.status_code == 200
        assert "Put off. It comes" in words(answer)
        assert again(reminder).due_at == now + timedelta(minutes=later)
    assert again(reminder).version == 2


def test_what_is_put_off_comes_again_with_a_mail_of_its_own(stranger, mailed, frozen, smtp, bob):
    reminder, link = mailed()
    stranger.post(link, data={"do": "10m"})
    frozen.move_to(NOW + timedelta(minutes=10), tick=False)
    assert firing.fire(reminder.id, again(reminder).version)
    assert len(smtp.to(bob.email)) == 2


def test_done_with_one_occurrence_leaves_the_next_where_it_is(stranger, mailed):
    reminder, link = mailed(recurrence="FREQ=DAILY", series_start="2026-11-25T09:40:00")
    assert "The next one comes Thu 26 Nov, 09:40" in words(stranger.get(link))
    for _ in range(2):
        answer = stranger.post(link, data={"do": "done"})
        assert answer.status_code == 200
        assert "Done." in words(answer)
    assert again(reminder).state is ReminderState.PENDING
    assert again(reminder).due_at == NOW + timedelta(days=1)


def test_a_link_to_what_has_changed_since_shows_how_it_stands_and_does_nothing(stranger, mailed, db):
    reminder, link = mailed()
    operations.snooze(again(reminder), until=NOW + timedelta(days=2), now=NOW)
    db.session.commit()
    for answer in (
        stranger.get(link),
        stranger.post(link, data={"do": "done"}),
        stranger.post(link, data={"do": "1h"}),
    ):
        assert "has changed since that mail was sent" in words(answer)
        assert "It comes Fri 27 Nov, 09:40 · Shanghai" in words(answer)
        assert "/login?next=" in answer.text
        assert not BeautifulSoup(answer.data, "html.parser").select("main form button")
    assert again(reminder).due_at == NOW + timedelta(days=2)


def test_a_change_that_did_not_happen_is_a_conflict(stranger, mailed, db):
    reminder, link = mailed()
    operations.cancel(again(reminder), now=NOW)
    db.session.commit()
    assert stranger.post(link, data={"do": "1h"}).status_code == 409
    assert again(reminder).state is ReminderState.CANCELLED


@pytest.mark.parametrize("do", ["", "delete", "5y"])
def test_a_button_we_do_not_have_does_nothing(stranger, mailed, do):
    reminder, link = mailed()
    assert stranger.post(link, data={"do": do}).status_code == 400
    assert again(reminder).state is ReminderState.FIRED


def test_a_forged_link_is_not_found(stranger, mailed, app):
    reminder, link = mailed()
    other = tokens.sign("something-else", [reminder.id, 1])
    for token in (link.rpartition("/")[2][:-2] + "xx", other, "x", "%00"):
        for answer in (stranger.get(f"/reminders/act/{token}"), stranger.post(f"/reminders/act/{token}")):
            assert answer.status_code == 404


def test_a_link_ends_after_thirty_days(stranger, mailed, frozen):
    _reminder, link = mailed()
    frozen.move_to(NOW + timedelta(days=31), tick=False)
    assert stranger.get(link).status_code == 404


def test_a_link_to_what_is_gone_is_not_found(stranger, db, bob):
    assert stranger.get(f"/reminders/act/{mails.act_token(12345, 1)}").status_code == 404
