"""Visitors say who they are, show that their address is theirs, and are read first."""

from datetime import timedelta

import pytest
import time_machine

from tests.unit.comments.talking import PAGE, comments, rule, solved, the_comment, thread
from webapp.comments import operations
from webapp.comments.models import CommentState
from webapp.core import clock
from webapp.extensions import db as database
from webapp.posts.models import PostState

ADDRESS = "tomas@example.org"


def link(smtp, jobs, address=ADDRESS):
    jobs.run()
    return smtp.to(address, "confirm")[-1].link("/confirm/comment-").removeprefix("http://localhost")


def test_a_visitor_is_asked_by_mail_and_nothing_appears_before(as_, post, smtp, jobs):
    page = as_().say_as(body="A fine frost.")
    assert page.path == "/comments/sent"
    assert ADDRESS in page.text
    assert the_comment().state is CommentState.UNCONFIRMED
    assert thread(as_().visit(PAGE)) == []
    assert link(smtp, jobs)


def test_the_mail_repeats_nothing_of_what_was_typed(as_, post, smtp, jobs):
    as_().say_as(name="Buy Pills", body="Cheap pills at example.com")
    link(smtp, jobs)
    mail = smtp.only(ADDRESS, "confirm")
    for said in (mail.subject, mail.text, mail.html):
        assert "pills" not in said.lower()


def test_opening_the_link_changes_nothing(as_, post, smtp, jobs):
    as_().say_as()
    page = as_().visit(link(smtp, jobs))
    assert "Did you write this?" in page.text
    assert "Well said." in page.text
    assert the_comment().state is CommentState.UNCONFIRMED


def test_confirmed_it_waits_to_be_read(as_, world, post, smtp, jobs):
    as_().say_as()
    visitor = as_()
    visitor.visit(link(smtp, jobs))
    page = visitor.press("Yes, post it")
    assert "as soon as somebody here has read it" in page.text
    assert the_comment().state is CommentState.PENDING
    assert the_comment().held == ["site"]
    jobs.run()
    assert smtp.only(world.alice.email, "comment")


def test_confirmed_it_appears_at_once_where_the_site_says_so(as_, post, smtp, jobs):
    rule(visitors="at-once")
    as_().say_as()
    visitor = as_()
    visitor.visit(link(smtp, jobs))
    page = visitor.press("Yes, post it")
    assert thread(page) == [("Well said.", [])]
    assert ADDRESS not in as_().visit(PAGE).html


def test_confirming_twice_changes_nothing(as_, post, smtp, jobs):
    rule(visitors="at-once")
    as_().say_as()
    address = link(smtp, jobs)
    for _ in range(2):
        visitor = as_()
        token = visitor.visit(PAGE).soup.select_one("[name=csrf_token]")["value"]
        assert visitor.client.post(address, data={"csrf_token": token}).status_code == 303
    assert the_comment().state is CommentState.PUBLISHED


def test_a_browser_that_confirmed_is_not_asked_again(as_, post, smtp, jobs):
    rule(visitors="at-once")
    visitor = as_()
    visitor.say_as(body="First.")
    visitor.visit(link(smtp, jobs))
    visitor.press("Yes, post it")
    page = visitor.visit(PAGE)
    assert page.soup.select_one("#say [name=email]")["value"] == ADDRESS
    visitor.press("Post comment", body="Second.", altcha=solved())
    assert [each.state for each in comments()] == [CommentState.PUBLISHED] * 2
    jobs.run()
    assert len(smtp.to(ADDRESS, "confirm")) == 1


def test_another_address_in_that_browser_is(as_, post, smtp, jobs):
    rule(visitors="at-once")
    visitor = as_()
    visitor.say_as()
    visitor.visit(link(smtp, jobs))
    visitor.press("Yes, post it")
    visitor.say_as(email="other@example.org", body="Another voice.")
    assert comments()[-1].state is CommentState.UNCONFIRMED


def test_a_link_is_over_after_three_days(as_, post, smtp, jobs, frozen):
    as_().say_as()
    address = link(smtp, jobs)
    frozen.shift(timedelta(days=3, seconds=1))
    assert as_().client.get(address).status_code == 410


def test_a_link_to_what_was_said_on_a_post_that_is_gone_is_over(as_, world, post, smtp, jobs):
    as_().say_as()
    address = link(smtp, jobs)
    post.state = PostState.DRAFT
    database.session.commit()
    assert as_().client.get(address).status_code == 410


def test_forged_links_are_over(as_, post, smtp, jobs):
    as_().say_as()
    address = link(smtp, jobs)
    for forged in (address[:-1] + ("a" if address[-1] != "a" else "b"), "/confirm/comment-x", address + "x"):
        assert as_().client.get(forged).status_code == 410


def test_what_nobody_confirms_is_forgotten_after_a_week(as_, post, frozen):
    as_().say_as()
    frozen.shift(timedelta(days=7, seconds=1))
    assert operations.tidy(now=clock.now()) == 1
    assert comments() == []


def test_nobody_fills_a_strangers_mailbox(as_, post, smtp, jobs):
    for number in range(5):
        page = as_().say_as(body=f"Number {number}")
    assert page.status == 422
    assert "Confirm one of those first" in page.text
    jobs.run()
    assert len(smtp.to(ADDRESS, "confirm")) == 3
    assert len(comments()) == 3


def test_where_only_members_may_comment_a_visitor_is_shown_the_way_in(as_, post):
    rule(visitors="no")
    visitor = as_()
    page = visitor.visit(PAGE)
    assert page.soup.select_one("#comments a[href^='/login']").text == "Sign in to comment"
    answer = visitor.send(post, body="Hello", name="T", email=ADDRESS)
    assert answer.status_code == 303
    assert answer.location.startswith("/login")
    assert comments() == []


class TestProofOfWork:
    def test_a_browser_that_did_its_work_is_not_held_for_it(self, as_, post):
        rule(visitors="at-once")
        as_().say_as()
        assert the_comment().held == []

    @pytest.mark.parametrize("altcha", ["", "x", "e30=", "eyJjaGFsbGVuZ2UiOnt9LCJzb2x1dGlvbiI6e319", "A" * 5000, "é"])
    def test_without_it_somebody_reads_the_comment_first(self, as_, post, altcha):
        rule(visitors="at-once")
        as_().say(name="T", email=ADDRESS, altcha=altcha)
        assert the_comment().held == ["no-proof"]

    def test_it_is_good_for_one_comment(self, as_, post):
        rule(visitors="at-once")
        once = solved()
        for body in ("One.", "Two."):
            as_().say(body, name="T", email=ADDRESS, altcha=once)
        assert [each.held for each in comments()] == [[], ["no-proof"]]

    def test_it_is_good_for_two_hours(self, as_, post, frozen):
        rule(visitors="at-once")
        once = solved()
        frozen.shift(timedelta(hours=2, seconds=1))
        as_().say(name="T", email=ADDRESS, altcha=once)
        assert the_comment().held == ["no-proof"]

    def test_the_task_is_asked_for_anew_each_time_and_never_kept(self, as_, post):
        client = as_().client
        first, second = client.get("/comments/challenge"), client.get("/comments/challenge")
        assert first.json["signature"] != second.json["signature"]
        assert first.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "name",
    ["", "  ", "A\r\nBcc: x@example.org", "A\nB", "A\0B", "A\x85B", "A\u2028B", "x" * 10_000],
)
def test_a_name_that_could_forge_something_is_refused(as_, post, name):
    answer = as_().send(post, body="Hello", name=name, email=ADDRESS)
    assert answer.status_code == 422
    assert comments() == []


def test_a_name_that_turns_text_around_is_straightened(as_, post):
    as_().send(post, body="Hello", name="\u202egro.elpmaxe\u202c", email=ADDRESS)
    assert the_comment().name == "gro.elpmaxe"


@pytest.mark.parametrize(
    "email",
    ["", "a@example.org, b@example.org", "a@example.org\r\nBcc: b@example.org", "a\0@example.org", "<a@example.org>",
     "a@[127.0.0.1]", "x" * 65 + "@example.org", "\u200b", "x" * 10_000],
)  # fmt: skip
def test_what_is_no_address_is_refused(as_, post, email):
    answer = as_().send(post, body="Hello", name="T", email=email)
    assert answer.status_code == 422
    assert comments() == []


def test_who_one_is_and_what_state_it_is_in_cannot_be_sent_along(as_, world, post):
    visitor = as_()
    visitor.send(
        post, body="Hello", name="T", email=ADDRESS, person_id=world.alice.id, state="published", html="<b>x</b>",
        post_id=post.id + 1, address_confirmed_at="2020-01-01", held="", is_confirmed="1",
    )  # fmt: skip
    made = the_comment()
    assert (made.person_id, made.state, made.post_id) == (None, CommentState.UNCONFIRMED, post.id)
    assert made.html == "<p>Hello</p>\n"
    assert made.address_confirmed_at is None


class TestLookingAfterOnesOwn:
    """A visitor may do with their comment what a member may with theirs, by the link in their mail."""

    @pytest.fixture
    def said(self, as_, post, smtp, jobs):
        """The link to a comment of Tomas's that is published, and his browser."""
        rule(visitors="at-once")
        as_().say_as(body="A fine frost.")
        address = link(smtp, jobs)
        tomas = as_()
        tomas.visit(address)
        tomas.press("Yes, post it")
        return address, tomas

    def test_the_browser_that_confirmed_changes_the_words(self, said, as_):
        _address, tomas = said
        tomas.visit(PAGE)
        tomas.follow("Edit")
        page = tomas.press("Save", body="A *hard* frost.")
        assert thread(page) == [("A hard frost.", [])]
        assert the_comment().edited_at is not None

    def test_it_is_removed_and_brought_back(self, said):
        _address, tomas = said
        tomas.visit(PAGE)
        assert thread(tomas.press("Remove")) == []
        assert the_comment().state is CommentState.REMOVED
        assert thread(tomas.press("Undo")) == [("A fine frost.", [])]

    def test_the_link_opens_it_in_another_browser_even_after_a_change(self, said, as_):
        address, tomas = said
        tomas.visit(PAGE)
        tomas.follow("Edit")
        tomas.press("Save", body="A hard frost.")
        phone = as_()
        page = phone.visit(address)
        assert "A hard frost." in page.text
        assert the_comment().state is CommentState.PUBLISHED
        phone.press("Change or remove it")
        assert thread(phone.press("Remove")) == []

    def test_looking_at_the_link_gives_a_browser_nothing(self, said, as_):
        address, _tomas = said
        stranger = as_()
        stranger.visit(address)
        assert "Remove" not in stranger.visit(PAGE).text
        assert stranger.client.get(f"/comments/{the_comment().id}/edit").location.startswith("/login")

    def test_after_ten_minutes_the_words_stay_and_can_still_be_removed(self, said):
        _address, tomas = said
        with time_machine.travel(clock.now() + timedelta(minutes=11)):
            page = tomas.visit(PAGE)
            assert page.soup.find("a", string="Edit") is None
            assert thread(tomas.press("Remove")) == []

    def test_the_ten_minutes_begin_when_the_address_is_confirmed(self, as_, post, smtp, jobs):
        rule(visitors="at-once")
        as_().say_as()
        address = link(smtp, jobs)
        with time_machine.travel(clock.now() + timedelta(hours=2)):
            tomas = as_()
            tomas.visit(address)
            tomas.press("Yes, post it")
            tomas.visit(PAGE)
            assert tomas.follow("Edit").soup.select_one("[name=body]").text.strip() == "Well said."

    def test_what_waits_is_seen_and_changed_by_its_writer_only(self, as_, post, smtp, jobs):
        as_().say_as(body="A fine frost.")
        address = link(smtp, jobs)
        tomas = as_()
        tomas.visit(address)
        tomas.press("Yes, post it")
        page = tomas.press("Change or remove it")
        assert thread(page) == [("A fine frost.", [])]
        assert "only you see it until it has been read" in page.text
        assert thread(as_().visit(PAGE)) == []

    def test_changed_words_are_looked_at_again(self, said):
        _address, tomas = said
        rule(visitors="read-first")
        tomas.visit(PAGE)
        tomas.follow("Edit")
        tomas.press("Save", body="A hard frost.")
        assert the_comment().state is CommentState.PENDING

    def test_another_visitor_changes_nothing(self, said, as_, post, smtp, jobs):
        theirs = the_comment().id
        as_().say_as(name="Ida", email="ida@example.org", body="Mine.")
        ida = as_()
        ida.visit(link(smtp, jobs, "ida@example.org"))
        page = ida.press("Yes, post it")
        assert len(page.soup.find_all("button", string="Remove")) == 1
        token = page.soup.select_one("[name=csrf_token]")["value"]
        for path in (f"/comments/{theirs}/edit", f"/comments/{theirs}/removal", f"/comments/{theirs}/restoration"):
            assert ida.client.post(path, data={"csrf_token": token, "body": "x"}).status_code == 404
        assert comments()[0].body == "A fine frost."

    def test_a_comment_that_was_brought_in_belongs_to_no_visitor(self, said, post):
        _address, tomas = said
        operations.bring_in(post, name="Tomas", body="Old.", created_at=clock.now(), address=ADDRESS)
        database.session.commit()
        assert len(tomas.visit(PAGE).soup.find_all("button", string="Remove")) == 1
