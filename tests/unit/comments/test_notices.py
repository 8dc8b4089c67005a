"""Who hears of a comment by mail: once, not too often, and no longer than they want."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import factories
from tests.unit.comments.talking import PAGE, comments, rule, the_comment
from webapp.accounts.models import Role
from webapp.extensions import db as database
from webapp.mail.models import Delivery, Kind, State

HOUR = timedelta(hours=1)


@pytest.fixture
def asked(as_, world, post, jobs, smtp):
    """Bob's comment, of whose answers he wants to hear; what that told Alice is read."""
    as_(world.bob).say("What about the dahlias?", wants_replies="y")
    jobs.run()
    smtp.clear()
    return the_comment()


def to_bob(smtp, jobs):
    jobs.run()
    return smtp.to("bob@example.org", "comment")


def path(link):
    return link.removeprefix("http://localhost")


class TestAnswers:
    def test_whoever_asked_hears_of_an_answer_once(self, as_, world, asked, smtp, jobs):
        as_(world.carol).say("In the cellar.", reply_to=asked)
        (mail,) = to_bob(smtp, jobs)
        assert mail.subject == "Carol answered you: First frost"
        assert "In the cellar." in mail.text
        assert "In the cellar." in mail.html
        assert "What about the dahlias?" in mail.text
        assert path(mail.links()[0]) == f"/comments/{comments()[1].id}"
        assert mail.message["List-Unsubscribe"] == f"<{mail.link('/unsubscribe/comments-')}>"
        assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    def test_whoever_did_not_ask_hears_nothing(self, as_, world, post, smtp, jobs):
        as_(world.bob).say("What about the dahlias?")
        as_(world.carol).say("In the cellar.", reply_to=the_comment())
        assert to_bob(smtp, jobs) == []

    def test_nobody_hears_of_their_own_answer(self, as_, world, asked, smtp, jobs):
        as_(world.bob).say("Found them.", reply_to=asked)
        assert to_bob(smtp, jobs) == []

    def test_an_address_that_is_not_confirmed_gets_nothing(self, as_, world, asked, smtp, jobs):
        world.bob.email_confirmed_at = None
        database.session.commit()
        as_(world.carol).say("In the cellar.", reply_to=asked)
        assert to_bob(smtp, jobs) == []

    def test_nothing_is_mailed_before_the_answer_is_published_and_once_after(self, as_, world, asked, smtp, jobs):
        rule(members="read-first")
        as_(world.carol).say("In the cellar.", reply_to=asked)
        assert to_bob(smtp, jobs) == []
        alice = as_(world.alice)
        for verdict in ("publish", "spam", "publish", "trash", "publish"):
            decide(alice, verdict, comments()[1])
            jobs.run()
        assert len(to_bob(smtp, jobs)) == 1

    def test_a_notice_that_has_not_gone_is_not_sent_for_what_was_taken_back(self, as_, world, asked, smtp, jobs):
        as_(world.carol).say("Buy pills.", reply_to=asked)
        decide(as_(world.alice), "spam", comments()[1])
        assert to_bob(smtp, jobs) == []
        decide(as_(world.alice), "publish", comments()[1])
        assert len(to_bob(smtp, jobs)) == 1

    def test_a_visitor_hears_at_the_address_they_confirmed(self, as_, world, post, smtp, jobs):
        visitor = factories.comment(post, wants_replies=True)
        unconfirmed = factories.comment(
            post, wants_replies=True, address="never@example.org", address_confirmed_at=None
        )
        database.session.commit()
        for parent in (visitor, unconfirmed):
            as_(world.carol).say("Hello.", reply_to=parent)
        jobs.run()
        assert len(smtp.to("tomas@example.org", "comment")) == 1
        assert smtp.to("never@example.org") == []

    def test_a_name_or_words_cannot_forge_a_header(self, as_, world, asked, smtp, jobs):
        world.carol.name = "=?utf-8?q?=0D=0ABcc:_x@example.org?="
        database.session.commit()
        as_(world.carol).say(".\nBcc: x@example.org\n.\r\nQUIT", reply_to=asked)
        (mail,) = to_bob(smtp, jobs)
        assert mail.message["Bcc"] is None
        assert mail.recipients == ("bob@example.org",)


class TestEnough:
    @pytest.fixture
    def link(self, as_, world, asked, smtp, jobs):
        as_(world.carol).say("In the cellar.", reply_to=asked)
        return path(to_bob(smtp, jobs)[0].link("/unsubscribe/comments-"))

    def again(self, as_, world, asked, smtp, jobs):
        """Whether another answer reaches Bob."""
        smtp.clear()
        as_(world.carol).say("Under the stairs, that is.", reply_to=asked)
        return bool(to_bob(smtp, jobs))

    def test_opening_the_link_changes_nothing(self, as_, world, asked, link, smtp, jobs):
        page = as_().visit(link)
        assert page.has_button("Stop all mail about comments")
        assert self.again(as_, world, asked, smtp, jobs)

    def test_one_click_of_a_mail_program_stops_it_all(self, app, as_, world, asked, link, smtp, jobs):
        for _ in range(2):
            answer = app.test_client(use_cookies=False).post(link, data={"List-Unsubscribe": "One-Click"})
            assert answer.status_code == 200
        assert not self.again(as_, world, asked, smtp, jobs)

    def test_one_post_alone_can_be_silenced(self, as_, world, post, asked, link, smtp, jobs):
        talker = as_()
        talker.visit(link)
        page = talker.press("Only about this post")
        assert "no more mail about comments on “First frost”" in page.text
        assert not self.again(as_, world, asked, smtp, jobs)
        other = factories.post(world.alice, "Another", published_at=post.published_at)
        elsewhere = factories.comment(other, world.bob, wants_replies=True)
        database.session.commit()
        answer = as_(world.carol).send(other, body="Hello.", parent_id=elsewhere.id)
        assert answer.status_code == 303
        assert to_bob(smtp, jobs)

    def test_ticking_the_box_again_brings_them_back(self, as_, world, asked, link, smtp, jobs):
        as_().client.post(link)
        bob = as_(world.bob)
        bob.say("I do want to hear.", wants_replies="y")
        assert self.again(as_, world, asked, smtp, jobs)

    def test_what_waits_is_not_sent_any_more(self, as_, world, asked, link, smtp, jobs):
        smtp.clear()
        as_(world.carol).say("Under the stairs, that is.", reply_to=asked)
        as_().client.post(link)
        assert to_bob(smtp, jobs) == []
        states = database.session.scalars(select(Delivery.state).where(Delivery.address == world.bob.email)).all()
        assert states == [State.SENT, State.CANCELLED]

    def test_what_waits_about_another_post_still_goes(self, as_, world, post, asked, link, smtp, jobs):
        smtp.clear()
        other = factories.post(world.alice, "Another", published_at=post.published_at)
        elsewhere = factories.comment(other, world.bob, wants_replies=True)
        database.session.commit()
        carol = as_(world.carol)
        carol.say("Under the stairs, that is.", reply_to=asked)
        carol.send(other, body="Hello.", parent_id=elsewhere.id)
        as_().client.post(link, data={"stop": "post"})
        (mail,) = to_bob(smtp, jobs)
        assert mail.subject == "Carol answered you: Another"

    def test_what_waits_for_a_visitor_is_not_sent_either(self, as_, world, post, smtp, jobs):
        visitor = factories.comment(post, wants_replies=True)
        database.session.commit()
        carol = as_(world.carol)
        carol.say("Hello.", reply_to=visitor)
        jobs.run()
        link = path(smtp.only("tomas@example.org").link("/unsubscribe/comments-"))
        carol.say("Hello again.", reply_to=visitor)
        as_().client.post(link)
        jobs.run()
        assert len(smtp.to("tomas@example.org")) == 1

    def test_a_forged_link_is_nothing(self, as_, link):
        assert as_().client.post(link + "x").status_code == 404
        assert as_().client.get("/unsubscribe/comments-x").status_code == 404


class TestModerators:
    def test_the_author_hears_of_what_waits_and_of_what_appears(self, as_, world, post, smtp, jobs, frozen):
        as_(world.bob).say("A fine frost.")
        jobs.run()
        mail = smtp.only(world.alice.email, "comment")
        assert mail.subject == "1 new comment: First frost"
        assert "A fine frost." in mail.text
        smtp.clear()
        frozen.shift(2 * HOUR)
        rule(members="read-first")
        as_(world.bob).say("And another.")
        jobs.run()
        mail = smtp.only(world.alice.email, "comment")
        assert mail.subject == "1 comment waits for you: First frost"
        assert "A fine frost." not in mail.text

    def test_a_flood_makes_one_mail_at_once_and_one_an_hour(self, as_, world, post, smtp, jobs, frozen):
        bob = as_(world.bob)
        for number in range(6):
            bob.say(f"Number {number}.")
        jobs.run()
        assert len(smtp.to(world.alice.email)) == 1
        frozen.shift(HOUR)
        deliver()
        jobs.run()
        _first, second = smtp.to(world.alice.email)
        assert second.subject == "5 new comments: First frost"
        assert all(f"Number {number}." in second.text for number in range(1, 6))
        assert "Number 0." not in second.text
        assert len(second.links("/comments/decide/")) == 5

    def test_a_mail_that_waits_is_not_sent_when_nothing_is_left_to_decide(self, as_, world, post, smtp, jobs, frozen):
        rule(members="read-first")
        bob, alice = as_(world.bob), as_(world.alice)
        for number in range(3):
            bob.say(f"Number {number}.")
        jobs.run()
        for each in comments():
            decide(alice, "publish", each)
        frozen.shift(HOUR)
        deliver()
        jobs.run()
        assert len(smtp.to(world.alice.email)) == 1
        states = database.session.scalars(select(Delivery.state).where(Delivery.kind == Kind.COMMENT)).all()
        assert sorted(states) == [State.CANCELLED, State.SENT]

    def test_an_author_hears_nothing_of_their_own_words(self, as_, world, post, smtp, jobs):
        as_(world.alice).say("Thank you all.")
        jobs.run()
        assert smtp.received == []

    def test_an_author_who_is_answered_gets_one_mail_not_two(self, as_, world, post, smtp, jobs):
        as_(world.alice).say("Questions?", wants_replies="y")
        as_(world.bob).say("Yes.", reply_to=the_comment())
        jobs.run()
        assert smtp.only(world.alice.email).subject == "Bob answered you: First frost"

    def test_without_an_author_who_may_decide_the_editors_hear(self, as_, world, post, smtp, jobs):
        edith = factories.person("Edith", role=Role.EDITOR)
        world.alice.role = Role.READER
        database.session.commit()
        as_(world.bob).say()
        jobs.run()
        assert smtp.to(world.alice.email) == []
        assert smtp.only(edith.email, "comment")

    def test_they_can_have_enough_too_and_still_hear_of_answers(self, as_, world, post, smtp, jobs, frozen):
        as_(world.bob).say("One.")
        jobs.run()
        link = path(smtp.only(world.alice.email).link("/unsubscribe/comments-"))
        page = as_().client.post(link)
        assert "no more mail about comments on your posts" in page.text
        smtp.clear()
        frozen.shift(2 * HOUR)
        as_(world.bob).say("Two.")
        jobs.run()
        assert smtp.received == []
        as_(world.alice).say("Three?", wants_replies="y")
        as_(world.bob).say("Four.", reply_to=comments()[-1])
        jobs.run()
        assert smtp.only(world.alice.email)

    @pytest.fixture
    def two(self, as_, world, post, smtp, jobs, frozen):
        """A mail that waits for Alice tells of two posts of hers; the link to stop is about the first."""
        bob = as_(world.bob)
        bob.say("One.")
        jobs.run()
        link = path(smtp.only(world.alice.email).link("/unsubscribe/comments-"))
        smtp.clear()
        other = factories.post(world.alice, "Another", published_at=post.published_at)
        database.session.commit()
        bob.say("Two.")
        bob.send(other, body="Three.")
        return link

    def test_what_waits_goes_on_telling_of_the_other_posts(self, as_, world, two, smtp, jobs, frozen):
        as_().client.post(two, data={"stop": "post"})
        as_(world.bob).say("Four.")
        frozen.shift(HOUR)
        deliver()
        jobs.run()
        mail = smtp.only(world.alice.email)
        assert "Three." in mail.text
        assert "Two." not in mail.text + mail.html
        assert "Four." not in mail.text + mail.html

    def test_nothing_that_waits_is_sent_after_enough_of_it_all(self, as_, world, two, smtp, jobs, frozen):
        as_().client.post(two)
        frozen.shift(HOUR)
        deliver()
        jobs.run()
        assert smtp.received == []


def decide(talker, verdict, comment):
    token = talker.visit(PAGE).soup.select_one("[name=csrf_token]")["value"]
    answer = talker.client.post("/comments/moderation", data={"csrf_token": token, "do": f"{verdict}:{comment.id}"})
    assert answer.status_code == 303


def deliver():
    """What the dispatcher does when the time has come."""
    from webapp import jobs as outbox
    from webapp.core import clock
    from webapp.mail import queries

    for delivery_id in queries.due(clock.now(), limit=10):
        outbox.publish(outbox.Job("mail.deliver", (delivery_id,)))
