"""The list of reminders, what has been, and whose they are."""

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import event

from tests import factories
from tests.unit.reminders.pages import ask, every_reminder, press, shown, the_reminder
from tests.world import post_form
from webapp.posts.models import PostState
from webapp.reminders.models import ReminderKind, ReminderState

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)


def test_the_list_is_empty_at_first_and_says_how_to_begin(browser):
    assert "No reminders yet. Say what and when." in shown(browser)


def test_what_people_type_is_only_ever_text(browser):
    ask(browser, text="<script>alert(1)</script>")
    page = browser.get("/reminders").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_list_costs_the_same_reads_however_long_it_is(browser, bob, world, db):
    post = factories.post(world.alice, published_at=NOW)

    def cost():
        db.session.commit()  # what the test itself writes is not the page's cost
        count = []
        listener = lambda *_: count.append(1)  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listener)
        try:
            assert browser.get("/reminders").status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", listener)
        return len(count)

    factories.reminder(bob, post_id=post.id)
    few = cost()
    for _ in range(20):
        factories.reminder(bob, post_id=post.id)
    assert cost() == few


def test_a_long_list_comes_in_pages_that_leave_nothing_out(browser, bob):
    for number in range(60):
        factories.reminder(bob, f"Thing {number:02}", due_at=NOW + timedelta(days=number // 3 + 1))
    seen, address = [], "/reminders"
    while address:
        page = BeautifulSoup(browser.get(address).data, "html.parser")
        seen += [title.get_text() for title in page.select("li.row [id^=reminder-]")]
        later = page.select_one("a[rel=next]")
        address = later and later["href"]
    assert seen == [f"Thing {number:02}" for number in range(60)]


@pytest.mark.parametrize("address", ["/reminders?after=x", "/reminders/history?before=-1", "/reminders?post=x"])
def test_a_place_that_was_never_ours_is_not_found(browser, address):
    assert browser.get(address).status_code == 404


def test_what_came_lately_can_still_be_put_off(browser, bob):
    reminder = factories.reminder(
        bob, due_at=NOW - timedelta(hours=1), state=ReminderState.FIRED, fired_at=NOW - timedelta(hours=1)
    )
    assert "Came in the last two days" in shown(browser)
    answer = post_form(browser, f"/reminders/{reminder.id}/snooze", page="/reminders", by="10m")
    assert answer.status_code == 303
    assert the_reminder().due_at == NOW + timedelta(minutes=10)
    assert the_reminder().state is ReminderState.PENDING


CHANGES = ("cancellation", "completion", "restoration", "snooze")


@pytest.mark.parametrize("what", [*CHANGES, "edit"])
def test_what_is_someone_elses_does_not_exist(browser, world, what):
    theirs = factories.reminder(world.alice, "Private")
    assert press(browser, theirs, what, by="1h", text="x").status_code == 404
    assert browser.get(f"/reminders/{theirs.id}/edit").status_code == 404
    assert (the_reminder().state, the_reminder().version) == (ReminderState.PENDING, 1)
    assert "Private" not in shown(browser) + shown(browser, "/reminders/history")


def test_the_welcome_is_not_a_reminder_one_can_touch(browser, bob):
    welcome = factories.reminder(bob, "Welcome", kind=ReminderKind.WELCOME)
    assert "Welcome" not in shown(browser)
    assert press(browser, welcome, "cancellation").status_code == 404


@pytest.mark.parametrize("number", [0, 2**63 - 1, 2**63, 10**40])
def test_a_number_nobody_has_is_not_found(browser, number):
    assert browser.get(f"/reminders/{number}/edit").status_code == 404


@pytest.mark.parametrize("what", CHANGES)
def test_a_visit_changes_nothing(browser, bob, what):
    reminder = factories.reminder(bob)
    assert browser.get(f"/reminders/{reminder.id}/{what}").status_code == 405
    assert the_reminder().version == 1


def test_without_its_token_a_form_does_nothing(browser, bob):
    reminder = factories.reminder(bob)
    assert browser.post(f"/reminders/{reminder.id}/cancellation").status_code == 400
    assert the_reminder().state is ReminderState.PENDING


@pytest.mark.parametrize("address", ["/reminders", "/reminders/history", "/reminders/1/edit"])
def test_a_stranger_is_asked_to_sign_in(client, world, address):
    answer = client.get(address)
    assert answer.status_code == 303
    assert answer.location.startswith("/login")


def test_a_post_offers_two_times_and_comes_back_to_itself(browser, world, app):
    post = factories.post(world.alice, "Salt", published_at=NOW)
    answer = ask(browser, text="Read “Salt”", when="2026-11-25 20:00", post_id=str(post.id), next=f"/posts/{post.slug}")
    assert answer.location == f"/posts/{post.slug}"
    assert the_reminder().post_id == post.id


def test_another_time_begins_with_the_post_filled_in(browser, world):
    post = factories.post(world.alice, "Salt", published_at=NOW)
    page = browser.get(f"/reminders?post={post.id}").text
    assert 'value="Read “Salt”"' in page
    assert f'name="post_id" type="hidden" value="{post.id}"' in page


@pytest.mark.parametrize("state", [PostState.DRAFT, PostState.TRASHED])
def test_a_post_one_may_not_read_does_not_exist(browser, world, state):
    post = factories.post(world.alice, "Secret", state=state)
    assert ask(browser, post_id=str(post.id)).status_code == 404
    assert browser.get(f"/reminders?post={post.id}").status_code == 404
    assert every_reminder() == []


def test_a_post_that_was_hidden_since_is_not_shown(browser, bob, world):
    post = factories.post(world.alice, "Secret", state=PostState.DRAFT)
    factories.reminder(bob, post_id=post.id)
    assert "Open the post" not in shown(browser)


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_a_reminder_never_leads_off_the_site(browser, target):
    assert ask(browser, next=target).location == "/reminders"
