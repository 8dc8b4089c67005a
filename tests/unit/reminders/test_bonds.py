"""Reminders that depend on a post: they ask how it stands, move with it, and cancel themselves."""

from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from tests.unit.reminders.pages import shown, the_reminder
from tests.world import post_form, sign_in
from webapp.mail import queries as ledger
from webapp.mail.models import State
from webapp.ops.dispatcher import Dispatcher
from webapp.posts import operations as posts
from webapp.posts.models import PostState
from webapp.reminders import firing, history
from webapp.reminders.models import Condition, ReminderState, What

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def alice(client, world, frozen):
    sign_in(client, world.alice)
    return world.alice


def ask(client, post, **fields):
    known = {"text": "Finish it", "zone": "UTC", "post_id": str(post.id), "next": "/write"}
    return post_form(client, "/reminders", page="/write", **(known | fields))


def test_a_draft_on_friday_is_asked_about_while_it_is_one(client, alice, smtp, frozen):
    post = factories.post(alice, "Salt")
    page = client.get("/write").text
    assert "If it is still a draft on" in page
    assert 'value="2026-11-27 09:00"' in page
    assert ask(client, post, when="2026-11-27 09:00", condition="draft").location == "/write"
    reminder = the_reminder()
    assert reminder.condition is Condition.DRAFT
    assert "Only if it is still a draft" in shown(client)
    frozen.move_to(reminder.due_at, tick=False)
    assert firing.fire(reminder.id, reminder.version)
    assert "Salt" in smtp.only(alice.email).text


def test_it_cancels_itself_when_the_draft_is_published_and_says_so(client, db, alice, smtp, frozen):
    post = factories.post(alice, "Salt")
    ask(client, post, when="2026-11-27 09:00", condition="draft")
    reminder = the_reminder()
    posts.publish(post, by=alice, now=NOW + HOUR)
    db.session.commit()
    assert reminder.state is ReminderState.CANCELLED
    last = history.latest(reminder)
    assert (last.what, last.note) == (What.SATISFIED, "the post is published")
    assert "Cancelled itself: the post is published" in shown(client, "/reminders/history")
    frozen.move_to(reminder.due_at, tick=False)
    assert not firing.fire(reminder.id, 1)
    assert smtp.received == []


def test_a_draft_that_is_scheduled_or_in_the_trash_when_the_time_comes_is_not_asked_about(db, alice, smtp, frozen):
    for state in (PostState.SCHEDULED, PostState.TRASHED):
        post = factories.post(alice, state=state, publish_at=NOW + 9 * DAY)
        reminder = factories.reminder(alice, due_at=NOW, post_id=post.id, condition=Condition.DRAFT)
        db.session.commit()
        assert not firing.fire(reminder.id, 1)
        assert (reminder.state, history.latest(reminder).what) == (ReminderState.CANCELLED, What.SATISFIED)
    assert smtp.received == []


def test_a_post_that_appears_by_itself_settles_what_waited_for_it(db, alice, jobs, smtp):
    post = factories.post(alice, state=PostState.SCHEDULED, publish_at=NOW)
    reminder = factories.reminder(alice, due_at=NOW + DAY, post_id=post.id, condition=Condition.DRAFT)
    db.session.commit()
    Dispatcher().round(NOW)
    db.session.expire_all()
    assert reminder.state is ReminderState.CANCELLED
    assert history.latest(reminder).note == "the post is published"


def test_a_review_in_six_months_is_not_wanted_once_somebody_has_changed_the_post(client, db, alice):
    post = factories.post(alice, "Salt", published_at=NOW - DAY)
    assert 'value="2027-05-25 09:00"' in client.get("/write").text
    ask(client, post, text="Is it true?", when="2027-05-25 09:00", condition="unedited")
    reminder = the_reminder()
    posts.edit(post, by=alice, now=NOW, version=post.version, body="Another text")
    db.session.commit()
    assert reminder.state is ReminderState.CANCELLED
    assert history.latest(reminder).note == "the post has been changed"


def test_a_review_of_what_is_in_the_trash_by_then_is_not_wanted_either(client, db, alice, smtp, frozen):
    post = factories.post(alice, "Salt", published_at=NOW - DAY)
    ask(client, post, text="Is it true?", when="2027-05-25 09:00", condition="unedited")
    reminder = the_reminder()
    post_form(client, f"/posts/{post.id}/trash", page="/write")
    frozen.move_to(reminder.due_at, tick=False)
    assert not firing.fire(reminder.id, reminder.version)
    assert smtp.received == []


def test_a_mail_that_waits_for_the_server_is_not_sent_about_what_went_into_the_trash(client, db, alice, smtp, frozen):
    mails = []
    for condition in (Condition.DRAFT, Condition.NONE):
        post = factories.post(alice)
        reminder = factories.reminder(alice, due_at=NOW, post_id=post.id, condition=condition)
        db.session.commit()
        smtp.replies["RCPT"] = "450 4.2.1 not now"
        firing.fire(reminder.id, reminder.version)
        post_form(client, f"/posts/{post.id}/trash", page="/write")
        mails.append(ledger.by_key(history.dedupe_key(reminder.id, 1)).state)
    assert mails == [State.CANCELLED, State.QUEUED]


def test_a_reminder_before_a_post_appears_moves_with_it(client, db, alice, smtp, frozen):
    post = factories.post(alice, "Salt", state=PostState.SCHEDULED, publish_at=NOW + 2 * DAY)
    ask(client, post, lead="60", condition="scheduled")
    reminder = the_reminder()
    assert reminder.due_at == NOW + 2 * DAY - HOUR
    assert "1 hour before the post appears" in shown(client)

    posts.schedule(post, at=NOW + 3 * DAY, by=alice, now=NOW)
    db.session.commit()
    assert (reminder.due_at, history.latest(reminder).what) == (NOW + 3 * DAY - HOUR, What.MOVED)

    posts.unpublish(post, by=alice, now=NOW)
    db.session.commit()
    assert reminder.state is ReminderState.PAUSED

    posts.schedule(post, at=NOW + 5 * DAY, by=alice, now=NOW)
    db.session.commit()
    assert (reminder.state, reminder.due_at) == (ReminderState.PENDING, NOW + 5 * DAY - HOUR)

    frozen.move_to(reminder.due_at, tick=False)
    assert firing.fire(reminder.id, reminder.version)
    assert len(smtp.to(alice.email)) == 1


def test_a_post_that_goes_out_sooner_is_announced_at_once(client, db, alice, frozen):
    post = factories.post(alice, "Salt", state=PostState.SCHEDULED, publish_at=NOW + 2 * DAY)
    ask(client, post, lead="1440", condition="scheduled")
    posts.schedule(post, at=NOW + HOUR, by=alice, now=NOW)
    db.session.commit()
    assert the_reminder().due_at == NOW


@pytest.mark.parametrize(("fields", "said"), [
    ({"condition": "scheduled", "lead": "60"}, "not going to appear by itself"),
    ({"condition": "draft", "when": "2026-12-01 09:00"}, "That is not so any more"),
])  # fmt: skip
def test_a_condition_that_is_not_met_from_the_start_is_refused(client, alice, fields, said):
    post = factories.post(alice, "Salt", published_at=NOW - DAY)
    answer = ask(client, post, **fields)
    assert answer.status_code == 422
    assert said in answer.text


def test_a_post_that_is_gone_cancels_what_depends_on_it(db, alice, smtp):
    reminder = factories.reminder(alice, due_at=NOW, condition=Condition.DRAFT)
    db.session.commit()
    assert not firing.fire(reminder.id, 1)
    assert history.latest(reminder).note == "the post is gone"
