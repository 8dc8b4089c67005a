"""What makes somebody read a comment first, and what makes it spam."""

from datetime import timedelta

import pytest

from tests import factories
from tests.unit.comments.talking import PAGE, comments, rule, the_comment, thread
from webapp.comments.models import CommentState

LINKS = "https://a.example https://b.example https://c.example"
LONG = "These are words that nobody writes twice by accident."


@pytest.mark.parametrize(("most", "state"), [(2, CommentState.PENDING), (3, CommentState.PUBLISHED)])
def test_many_links_are_read_first(as_, world, post, most, state):
    rule(most_links=most)
    as_(world.bob).say(LINKS)
    assert the_comment().state is state


def test_the_same_words_again_are_read_first_whoever_says_them(as_, world, post):
    as_(world.bob).say(LONG)
    as_(world.carol).say(LONG.upper() + "  ")
    assert [each.held for each in comments()] == [[], ["repeated"]]


def test_two_people_may_say_thanks(as_, world, post):
    as_(world.bob).say("Thanks!")
    as_(world.carol).say("Thanks!")
    assert [each.state for each in comments()] == [CommentState.PUBLISHED] * 2


def test_after_a_day_words_are_new_again(as_, world, post, frozen):
    as_(world.bob).say(LONG)
    frozen.shift(timedelta(days=1, seconds=1))
    as_(world.bob).say(LONG)
    assert comments()[1].held == []


def test_what_falls_into_the_trap_is_spam_and_is_told_what_everyone_is_told(as_, world, post, smtp, jobs):
    page = as_().say_as(website="https://spam.example")
    assert page.path == "/comments/sent"
    assert the_comment().state is CommentState.SPAM
    jobs.run()
    assert smtp.received == []


def test_nobody_sees_the_trap(as_, post):
    field = as_().visit(PAGE).soup.select_one("[name=website]")
    assert field["tabindex"] == "-1"
    assert field.find_parent(attrs={"aria-hidden": "true", "class": "unseen"})


def test_whoever_looks_after_the_post_is_never_held(as_, world, post):
    rule(members="read-first")
    as_(world.alice).say(LINKS)
    assert the_comment().state is CommentState.PUBLISHED


def test_links_that_are_put_in_later_are_found(as_, world, post, smtp, jobs):
    bob = as_(world.bob)
    bob.say()
    jobs.run()
    smtp.clear()
    bob.visit(f"/comments/{the_comment().id}/edit")
    page = bob.press("Save", body=LINKS)
    assert the_comment().state is CommentState.PENDING
    assert "only you see it" in page.text
    assert thread(as_().visit(PAGE)) == []


def test_a_visitor_sends_ten_a_minute(as_, post):
    visitor = as_()
    statuses = [visitor.send(post, body="x", name="T", email=f"t{n}@example.org").status_code for n in range(11)]
    assert statuses[-1] == 429
    assert set(statuses[:-1]) == {303}


def test_a_member_sends_twenty_a_minute_wherever_they_are(as_, world, post):
    bob = as_(world.bob)
    token = bob.visit(PAGE).soup.select_one("[name=csrf_token]")["value"]
    address = f"/posts/{post.id}/comments"
    statuses = [bob.client.post(address, data={"csrf_token": token, "body": f"{n}"}).status_code for n in range(21)]
    assert statuses[-1] == 429
    assert set(statuses[:-1]) == {303}


def test_a_form_without_its_token_is_refused(as_, world, post):
    bob = as_(world.bob)
    assert bob.client.post(f"/posts/{post.id}/comments", data={"body": "x"}).status_code == 400
    assert comments() == []


def test_moderators_are_shown_why_it_waits(as_, world, post):
    as_(world.bob).say(LINKS)
    assert "many links" in as_(world.alice).visit("/comments/moderation").text


def test_a_closed_conversation_takes_nothing_and_keeps_what_was_said(as_, world, post):
    as_(world.bob).say("Before.")
    alice = as_(world.alice)
    alice.visit(PAGE)
    page = alice.press("Close the comments")
    assert "What was said stays." in page.text
    bob = as_(world.bob)
    page = bob.visit(PAGE)
    assert thread(page) == [("Before.", [])]
    assert not page.has_button("Post comment")
    assert page.soup.select_one(".thread a[href*='reply=']") is None
    answer = bob.send(post, body="After.")
    assert answer.status_code == 422
    assert "Comments on this post are closed." in answer.text
    alice.visit(PAGE)
    alice.press("Open the comments")
    bob.say("After.")
    assert len(comments()) == 2


@pytest.mark.parametrize("what", ["closing", "opening"])
def test_only_those_who_may_edit_a_post_close_it(as_, world, post, what):
    other = factories.person("Eve", role="author")
    for person, status in ((world.bob, 403), (other, 404)):
        talker = as_(person)
        token = talker.visit(PAGE).soup.select_one("[name=csrf_token]")["value"]
        answer = talker.client.post(f"/posts/{post.id}/comments/{what}", data={"csrf_token": token})
        assert answer.status_code == status
    assert as_(world.bob).visit(PAGE).has_button("Post comment")


def test_comments_close_by_themselves_and_can_be_opened_again(as_, world, post, frozen):
    rule(close_after_days=14)
    frozen.shift(timedelta(days=13) - timedelta(seconds=1))
    assert as_(world.bob).visit(PAGE).has_button("Post comment")
    frozen.shift(timedelta(seconds=1))
    assert not as_(world.bob).visit(PAGE).has_button("Post comment")
    alice = as_(world.alice)
    alice.visit(PAGE)
    alice.press("Open the comments")
    assert as_(world.bob).visit(PAGE).has_button("Post comment")
