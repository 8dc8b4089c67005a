"""Members talk about a post."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from tests import factories
from tests.unit.comments.talking import PAGE, comments, rule, the_comment, thread
from webapp.comments import operations
from webapp.comments.models import CommentState
from webapp.core import clock
from webapp.extensions import db as database
from webapp.posts.models import PostState

TEN_MINUTES = timedelta(minutes=10)


def test_a_member_comments_and_everyone_reads_it(as_, world, post):
    page = as_(world.bob).say("A *fine* frost.")
    assert page.path.startswith(PAGE)
    page = as_().visit(PAGE)
    assert thread(page) == [("A fine frost.", [])]
    assert page.soup.select_one("#comments h2").get_text(strip=True) == "1 comment"
    assert page.soup.select_one("#comments .said em").text == "fine"


def test_a_comment_is_marked_up_for_programs_that_read_pages(as_, world, post):
    as_(world.bob).say()
    entry = as_().visit(PAGE).soup.select_one(f"#comment-{the_comment().id}")
    assert {"h-entry", "h-cite"} <= set(entry["class"])
    assert entry.select_one(".p-author").text == "Bob"
    assert entry.select_one("time.dt-published")["datetime"] == "2026-11-25T01:40:00Z"
    assert entry.select_one(".u-url")["href"] == f"#comment-{the_comment().id}"
    assert entry.select_one(".e-content").text.strip() == "Well said."


def test_the_author_of_the_post_is_marked_and_nobody_else(as_, world, post):
    as_(world.alice).say("Thank you all.")
    as_(world.bob).say("With pleasure.")
    heads = [each.get_text(" ", strip=True) for each in as_().visit(PAGE).soup.select(".thread .meta")]
    assert "Alice author" in heads[0]
    assert "author" not in heads[1]


def test_a_reply_needs_no_script_and_stands_under_what_it_answers(as_, world, post):
    bob, carol = as_(world.bob), as_(world.carol)
    bob.say("One.")
    first = the_comment()
    page = carol.visit(PAGE)
    link = page.soup.select_one(f"#comment-{first.id} .acts a")
    assert link["href"] == f"{PAGE}?reply={first.id}#body"
    page = carol.visit(link["href"])
    assert page.soup.select_one(f"#comment-{first.id} form#say") is not None
    assert page.soup.select_one("#say label").text == "Reply to Bob"
    carol.press("Post reply", body="Two.")
    assert thread(as_().visit(PAGE)) == [("One.", [("Two.", [])])]


def test_an_address_of_its_own_leads_to_a_comment(as_, world, post):
    as_(world.bob).say()
    answer = as_().client.get(f"/comments/{the_comment().id}")
    assert (answer.status_code, answer.location) == (302, f"{PAGE}#comment-{the_comment().id}")


def test_a_form_sent_twice_makes_one_comment(as_, world, post):
    bob = as_(world.bob)
    page = bob.visit(PAGE)
    fields = page.fields(page.button("Post comment").find_parent("form")) | {"body": "Once."}
    answers = [bob.client.post(f"/posts/{post.id}/comments", data=fields) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert the_comment().body == "Once."


def test_the_key_of_somebody_elses_form_finds_nothing(as_, world, post):
    bob, carol = as_(world.bob), as_(world.carol)
    bob.send(post, body="Mine.", form_key="abc")
    carol.send(post, body="Mine too.", form_key="abc")
    assert [each.body for each in comments()] == ["Mine.", "Mine too."]


def test_what_is_empty_comes_back_with_its_form(as_, world, post):
    page = as_(world.bob).say("   ")
    assert page.status == 422
    assert page.soup.select_one("#body-error").text == "Write something here."
    assert comments() == []


def test_what_is_refused_keeps_what_was_typed(as_, world, post):
    page = as_(world.bob).say("x" * 10_001)
    assert page.status == 422
    assert page.soup.select_one("textarea").text.strip() == "x" * 10_001


def test_whoever_has_not_confirmed_their_address_is_told_to(as_, world, post):
    dora = as_(world.carol)
    world.carol.email_confirmed_at = None
    database.session.commit()
    assert "Confirm your mail address first" in dora.visit(PAGE).text
    assert dora.send(post, body="Hello").status_code == 403
    assert comments() == []


class TestChangingOnesOwn:
    def test_one_edits_it_for_ten_minutes(self, as_, world, post, frozen):
        bob = as_(world.bob)
        bob.say("A fine forst.")
        frozen.shift(TEN_MINUTES / 2)
        bob.visit(f"/comments/{the_comment().id}/edit")
        page = bob.press("Save", body="A fine *frost*.")
        assert thread(page) == [("A fine frost .", [])]
        assert "edited" in page.soup.select_one(".thread .meta").text

    def test_afterwards_it_stays(self, as_, world, post, frozen):
        bob = as_(world.bob)
        bob.say("A fine forst.")
        bob.visit(f"/comments/{the_comment().id}/edit")
        frozen.shift(TEN_MINUTES)
        page = bob.press("Save", body="A fine frost.")
        assert page.status == 422
        assert "too late" in page.text
        assert the_comment().body == "A fine forst."
        assert bob.visit(PAGE).soup.select_one(".thread a[href$='/edit']") is None

    def test_removed_it_is_gone_and_can_be_brought_back(self, as_, world, post):
        bob = as_(world.bob)
        bob.say()
        page = bob.visit(PAGE)
        page = bob.press("Remove")
        assert "Your comment is removed." in page.text
        assert thread(page) == []
        assert thread(bob.press("Undo")) == [("Well said.", [])]

    def test_removed_with_replies_its_place_stays(self, as_, world, post):
        bob, carol = as_(world.bob), as_(world.carol)
        bob.say("One.")
        carol.say("Two.", reply_to=the_comment())
        bob.visit(PAGE)
        bob.press("Remove")
        page = as_().visit(PAGE)
        assert thread(page) == [("A comment that was removed", [("Two.", [])])]
        assert "Bob" not in page.soup.select_one("#comments").text
        assert page.soup.select_one("#comments h2").get_text(strip=True) == "1 comment"

    def test_its_words_are_forgotten_after_a_week(self, as_, world, post, frozen, jobs):
        bob = as_(world.bob)
        bob.say()
        bob.visit(PAGE)
        bob.press("Remove")
        frozen.shift(timedelta(days=6))
        assert operations.tidy(now=clock.now()) == 0
        frozen.shift(timedelta(days=2))
        assert operations.tidy(now=clock.now()) == 1
        assert the_comment().body == ""

    @pytest.mark.parametrize("what", ["edit", "removal", "restoration"])
    def test_somebody_elses_does_not_exist(self, as_, world, post, what):
        as_(world.bob).say()
        carol = as_(world.carol)
        token = carol.visit(PAGE).soup.select_one("[name=csrf_token]")["value"]
        answer = carol.client.post(f"/comments/{the_comment().id}/{what}", data={"csrf_token": token, "body": "x"})
        assert answer.status_code == 404
        assert the_comment().body == "Well said."
        assert the_comment().state is CommentState.PUBLISHED


class TestWhatMayNotBeSeen:
    @pytest.mark.parametrize("state", [PostState.DRAFT, PostState.SCHEDULED, PostState.TRASHED])
    def test_the_comments_of_a_hidden_post_do_not_exist(self, as_, world, post, state):
        as_(world.bob).say()
        post.state = state
        database.session.commit()
        comment = the_comment()
        alice = as_(world.alice)
        for client in (as_(world.carol).client, alice.client):
            assert client.get(f"/comments/{comment.id}").status_code == 404
        token = alice.visit("/").soup.select_one("[name=csrf_token]")["value"]
        data = {"csrf_token": token, "body": "More."}
        assert alice.client.post(f"/posts/{post.id}/comments", data=data).status_code == 404

    def test_only_published_comments_are_counted_and_shown(self, as_, world, post):
        for state in CommentState:
            factories.comment(post, world.bob, str(state), state=state)
        database.session.commit()
        assert thread(as_().visit(PAGE)) == [("published", [])]
        assert "1 comment" in as_().visit("/").soup.select_one(".list .meta").get_text(" ", strip=True)

    def test_what_waits_is_seen_by_its_writer_alone(self, as_, world, post):
        rule(members="read-first")
        bob = as_(world.bob)
        page = bob.say("Patience.")
        assert "as soon as somebody has read it" in page.text
        assert thread(bob.visit(PAGE)) == [("Patience.", [])]
        assert "only you see it" in bob.page.text
        assert thread(as_(world.carol).visit(PAGE)) == []
        assert as_(world.carol).client.get(f"/comments/{the_comment().id}").status_code == 404

    def test_what_is_not_published_cannot_be_answered(self, as_, world, post):
        hidden = factories.comment(post, world.carol, state=CommentState.PENDING)
        other = factories.post(world.alice, "Another", published_at=post.published_at)
        elsewhere = factories.comment(other, world.carol)
        database.session.commit()
        bob = as_(world.bob)
        for parent in (hidden.id, elsewhere.id, 999, "x", 2**70, "-1", "1\0"):
            assert bob.send(post, body="Hello", parent_id=parent).status_code == 404
        assert len(comments()) == 2


def test_the_list_of_posts_asks_once_for_all_counts(as_, world, post, app):
    def statements():
        counted = []
        listener = lambda *args: counted.append(args[2])  # noqa: E731
        event.listen(database.engine, "before_cursor_execute", listener)
        as_().visit("/")
        event.remove(database.engine, "before_cursor_execute", listener)
        return len(counted)

    factories.comment(post, world.bob)
    database.session.commit()
    before = statements()
    for number in range(8):
        other = factories.post(world.alice, f"Post {number}", published_at=post.published_at)
        factories.comment(other, world.bob)
    database.session.commit()
    assert statements() == before


def test_a_post_asks_as_often_for_many_comments_as_for_one(as_, world, post):
    def statements():
        counted = []
        listener = lambda *args: counted.append(args[2])  # noqa: E731
        event.listen(database.engine, "before_cursor_execute", listener)
        as_().visit(PAGE)
        event.remove(database.engine, "before_cursor_execute", listener)
        return len(counted)

    parent = factories.comment(post, world.bob)
    database.session.commit()
    before = statements()
    for _number in range(8):
        parent = factories.comment(post, factories.person(), parent_id=parent.id)
    database.session.commit()
    assert statements() == before


def test_what_is_brought_in_from_elsewhere_tells_nobody(as_, world, post, smtp, jobs):
    first = operations.bring_in(
        post, name="Old Tom", address="tom@example.org", body="From the *old* place.", created_at=post.published_at
    )
    operations.bring_in(post, name="Alice", person=world.alice, body="Yes.", parent=first, created_at=post.published_at)
    database.session.commit()
    jobs.run()
    assert smtp.received == []
    assert thread(as_().visit(PAGE)) == [("From the old place.", [("Yes.", [])])]
    as_(world.bob).say("Hello, Tom.", reply_to=first)
    jobs.run()
    assert smtp.to("tom@example.org") == []


def test_a_long_conversation_has_pages_and_a_comment_is_found_on_its_own(as_, world, post):
    made = [factories.comment(post, world.bob, f"Number {number}") for number in range(60)]
    database.session.commit()
    page = as_().visit(PAGE)
    assert [words for words, _replies in thread(page)] == [f"Number {number}" for number in range(50)]
    later = page.soup.select_one("#comments [rel=next]")["href"]
    assert [words for words, _replies in thread(as_().visit(later))] == [f"Number {n}" for n in range(50, 60)]
    answer = as_().client.get(f"/comments/{made[55].id}")
    assert answer.location == f"{PAGE}?comments=2#comment-{made[55].id}"


@pytest.mark.parametrize(
    "asked",
    [f"{name}={value}" for name in ("comments", "reply") for value in ("0", "-1", "x", "999", str(2**70), "%00", "²")],
)
def test_a_page_or_a_comment_that_does_not_exist_shows_the_conversation_all_the_same(as_, world, post, asked):
    factories.comment(post, world.bob)
    database.session.commit()
    page = as_().visit(f"{PAGE}?{asked}")
    assert page.status == 200
    assert thread(page) == [("Well said.", [])]
