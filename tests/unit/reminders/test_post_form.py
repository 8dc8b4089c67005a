"""Asking to be reminded of a post, on the post."""

from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from tests import factories
from tests.world import sign_in
from webapp.extensions import db as database
from webapp.posts.models import PostState
from webapp.reminders.models import Reminder

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)


@pytest.fixture
def post(world, frozen):
    return factories.post(world.alice, "Salt", published_at=NOW - timedelta(days=1))


def form_on(client, post):
    page = BeautifulSoup(client.get(f"/posts/{post.slug}").data, "html.parser")
    return page.select_one('form[action="/reminders"]')


def press(client, form, button):
    fields = {each["name"]: each["value"] for each in form.select("input")}
    return client.post("/reminders", data={**fields, button["name"]: button["value"]})


@pytest.mark.parametrize(
    ("now", "evening", "saturday"),
    [
        (NOW, ("Tonight, 20:00", datetime(2026, 11, 25, 12, tzinfo=UTC)), datetime(2026, 11, 28, 2, tzinfo=UTC)),
        (
            datetime(2026, 11, 28, 12, 1, tzinfo=UTC),  # 20:01 on a Saturday
            ("Tomorrow, 20:00", datetime(2026, 11, 29, 12, tzinfo=UTC)),
            datetime(2026, 12, 5, 2, tzinfo=UTC),
        ),
    ],
)
def test_one_press_sets_it_for_the_evening_or_saturday_where_one_is(client, bob, post, frozen, now, evening, saturday):
    frozen.move_to(now, tick=False)
    browser = sign_in(client, bob)
    form = form_on(browser, post)
    first, second = form.select("button")
    assert first.get_text() == evening[0]
    for button in (first, second):
        answer = press(browser, form, button)
        assert (answer.status_code, answer.location) == (303, f"/posts/{post.slug}")
    reminders = database.session.scalars(select(Reminder).order_by(Reminder.id)).all()
    assert [each.due_at for each in reminders] == [evening[1], saturday]
    assert {(each.post_id, each.text, each.zone) for each in reminders} == {(post.id, "Read “Salt”", "Asia/Shanghai")}


def test_another_time_leads_to_the_form_with_the_post(browser, post):
    (link,) = form_on(browser, post).select("a")
    assert link["href"] == f"/reminders?post={post.id}#new"


def test_a_visitor_and_a_draft_are_not_offered_one(client, app, world, post, browser):
    assert form_on(app.test_client(), post) is None
    draft = factories.post(world.bob, state=PostState.DRAFT)
    assert form_on(browser, draft) is None
