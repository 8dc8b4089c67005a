"""Talking about a post, in a real browser."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests import factories
from webapp.comments import proof
from webapp.comments.models import Comment, CommentState
from webapp.extensions import db


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without"])
def scripted(request):
    return request.param


@pytest.fixture
def post(world):
    made = factories.post(world.alice, "First frost", slug="first-frost", published_at=datetime.now(UTC))
    db.session.commit()
    return made


@pytest.fixture(autouse=True)
def _light_work(monkeypatch):
    """A machine that runs many tests at once is slow."""
    monkeypatch.setattr(proof, "ROUNDS", 100)


def test_a_visitor_comments_confirms_and_is_published(scripted, browser, window, client, world, post, smtp, jobs):
    page = window(java_script_enabled=scripted)
    page.goto("/posts/first-frost")
    page.get_by_label("Add a comment").fill("A *fine* frost.")
    page.get_by_label("Name").fill("Tomas")
    page.locator("#say").get_by_label("E-mail address").fill("tomas@example.org")
    if scripted:
        expect(page.locator("#say [name=altcha]")).not_to_have_value("")  # the work is done
    page.get_by_role("button", name="Post comment").click()
    expect(page.get_by_role("heading", name="Look in your mail")).to_be_visible()
    jobs.run()
    link = smtp.only("tomas@example.org", "confirm").link("/confirm/comment-")
    page.goto(link.removeprefix("http://localhost"))
    page.get_by_role("button", name="Yes, post it").click()
    expect(page.locator("main")).to_contain_text("as soon as somebody here has read it")
    held = db.session.query(Comment).one().held
    assert held == (["site"] if scripted else ["site", "no-proof"])

    alice = window(world.alice, client, java_script_enabled=scripted)
    alice.goto("/comments/moderation")
    alice.get_by_role("button", name="Publish the comment by Tomas").click()
    expect(alice.get_by_role("status")).to_contain_text("1 comment is published.")
    page.goto("/posts/first-frost")
    expect(page.locator("#comments .said em")).to_have_text("fine")


def test_the_queue_is_worked_through_by_single_keys_which_can_be_switched_off(window, client, world, post):
    for number in range(4):
        factories.comment(post, world.bob, f"Number {number}", state=CommentState.PENDING)
    db.session.commit()
    page = window(world.alice, client)
    page.goto("/comments/moderation")
    rows = page.locator(".queue > li")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("p")
    expect(page.get_by_role("status")).to_contain_text("published")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("s")
    expect(rows).to_have_count(2)
    page.keyboard.press("t")
    expect(rows).to_have_count(1)
    page.get_by_label("Single keys").uncheck()
    page.reload()
    expect(page.get_by_label("Single keys")).not_to_be_checked()
    page.keyboard.press("j")
    page.keyboard.press("p")
    expect(rows).to_have_count(1)
    states = [state for (state,) in db.session.query(Comment.state).order_by(Comment.id)]
    assert states == [CommentState.PUBLISHED, CommentState.PENDING, CommentState.SPAM, CommentState.TRASHED]
