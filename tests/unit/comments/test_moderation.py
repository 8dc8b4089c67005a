"""The queue, and the links in mails that decide without signing in."""

import re
from datetime import timedelta

import pytest

from tests import factories
from tests.unit.comments.talking import PAGE, comments, rule, the_comment, thread
from webapp.accounts.models import Role
from webapp.audit.models import AuditEntry
from webapp.comments.models import CommentState
from webapp.extensions import db as database

QUEUE = "/comments/moderation"


@pytest.fixture
def waiting(world, post):
    """Three comments that wait, on Alice's post."""
    made = [
        factories.comment(post, world.bob, f"Number {n}", state=CommentState.PENDING, published_at=None)
        for n in (1, 2, 3)
    ]
    database.session.commit()
    return made


@pytest.fixture
def eve(world):
    """Another author."""
    made = factories.person("Eve", role=Role.AUTHOR)
    database.session.commit()
    return made


@pytest.fixture
def edith(world):
    made = factories.person("Edith", role=Role.EDITOR)
    database.session.commit()
    return made


def words(page):
    return [each.get_text(strip=True) for each in page.soup.select(".queue .said")]


def decide(talker, status=303, **fields):
    token = talker.visit(PAGE).soup.select_one("[name=csrf_token]")["value"]
    answer = talker.client.post(QUEUE, data={"csrf_token": token, **fields})
    assert answer.status_code == status
    return answer


class TestWhoSeesTheQueue:
    def test_an_author_sees_what_waits_on_their_own_posts(self, as_, world, waiting, eve):
        assert words(as_(world.alice).visit(QUEUE)) == ["Number 1", "Number 2", "Number 3"]
        page = as_(eve).visit(QUEUE)
        assert words(page) == []
        assert "Nothing waits to be read." in page.text

    def test_an_editor_sees_everything(self, as_, waiting, edith):
        assert len(words(as_(edith).visit(QUEUE))) == 3

    def test_a_reader_sees_none_and_a_stranger_is_asked_to_sign_in(self, as_, world, waiting):
        assert as_(world.bob).client.get(QUEUE).status_code == 403
        assert as_().client.get(QUEUE).status_code == 303

    def test_what_is_not_confirmed_or_was_removed_is_nobodys_business(self, as_, world, post, edith):
        for state in (CommentState.UNCONFIRMED, CommentState.REMOVED):
            factories.comment(post, world.bob, state=state)
        database.session.commit()
        editor = as_(edith)
        for shelf in ("pending", "published", "spam", "trashed"):
            assert words(editor.visit(f"{QUEUE}?state={shelf}")) == []
        assert editor.client.get(f"{QUEUE}?state=unconfirmed").status_code == 404


class TestDeciding:
    @pytest.mark.parametrize(
        ("button", "state"),
        [("Publish", CommentState.PUBLISHED), ("Spam", CommentState.SPAM), ("Trash", CommentState.TRASHED)],
    )
    def test_each_row_has_its_buttons(self, as_, world, waiting, button, state):
        alice = as_(world.alice)
        alice.visit(QUEUE)
        page = alice.press(f"{button} the comment by Bob")
        assert the_first() is state
        assert words(page) == ["Number 2", "Number 3"]

    def test_many_are_decided_at_once_and_put_back_at_once(self, as_, world, waiting):
        alice = as_(world.alice)
        alice.visit(QUEUE)
        page = alice.press("Spam", id=[waiting[0].id, waiting[2].id])
        assert "2 comments are with the spam." in page.text
        assert [each.state for each in comments()] == [CommentState.SPAM, CommentState.PENDING, CommentState.SPAM]
        page = alice.press("Undo")
        assert "2 comments are where they were." in page.text
        assert {each.state for each in comments()} == {CommentState.PENDING}

    def test_published_it_is_read_and_what_was_published_can_go(self, as_, world, waiting):
        alice = as_(world.alice)
        decide(alice, do=f"publish:{waiting[0].id}")
        assert thread(as_().visit(PAGE)) == [("Number 1", [])]
        alice.visit(f"{QUEUE}?state=published")
        alice.press("Trash the comment by Bob")
        assert thread(as_().visit(PAGE)) == []

    def test_nobody_decides_about_what_is_not_theirs(self, as_, waiting, eve):
        eve = as_(eve)
        decide(eve, do=f"publish:{waiting[0].id}", status=404)
        decide(eve, do="publish", id=[each.id for each in waiting], status=404)
        assert {each.state for each in comments()} == {CommentState.PENDING}

    def test_one_stranger_among_many_stops_the_whole(self, as_, world, waiting, eve, post):
        other = factories.post(eve, "Hers", published_at=post.published_at)
        hers = factories.comment(other, world.bob, state=CommentState.PENDING)
        database.session.commit()
        decide(as_(world.alice), do="publish", id=[waiting[0].id, hers.id], status=404)
        assert {each.state for each in comments()} == {CommentState.PENDING}

    @pytest.mark.parametrize(
        ("fields", "status"),
        [
            ({}, 422),
            ({"do": "explode"}, 422),
            ({"do": "publish"}, 422),
            ({"do": "publish", "id": ["1"] * 101}, 422),
            ({"do": "publish:x"}, 404),
            ({"do": "publish:999"}, 404),
            ({"do": f"publish:{2**70}"}, 404),
            ({"do": "publish:-1"}, 404),
            ({"do": "spam:²"}, 404),
            ({"do": "publish", "id": ["1\0"]}, 404),
        ],
    )
    def test_nonsense_changes_nothing(self, as_, world, waiting, fields, status):
        decide(as_(world.alice), status=status, **fields)
        assert {each.state for each in comments()} == {CommentState.PENDING}

    def test_it_is_written_down_who_decided(self, as_, world, waiting):
        decide(as_(world.alice), do=f"spam:{waiting[0].id}")
        entry = database.session.query(AuditEntry).filter_by(action="comment.spam").one()
        assert (entry.actor, entry.subject) == (world.alice.email, f"comment {waiting[0].id}")

    def test_another_persons_undo_is_not_ones_own(self, as_, world, waiting, edith):
        alice = as_(world.alice)
        alice.visit(QUEUE)
        page = alice.press("Spam", id=[waiting[0].id])
        undo = page.soup.select_one("form[action*='/undo/']")["action"]
        editor = as_(edith)
        token = editor.visit(QUEUE).soup.select_one("[name=csrf_token]")["value"]
        assert editor.client.post(undo, data={"csrf_token": token}).status_code == 404
        assert alice.client.get(undo).status_code == 405

    def test_undo_leaves_alone_what_was_decided_anew(self, as_, world, waiting, edith):
        alice = as_(world.alice)
        alice.visit(QUEUE)
        page = alice.press("Spam", id=[waiting[0].id])
        undo = page.soup.select_one("form[action*='/undo/']")["action"]
        decide(as_(edith), do=f"trash:{waiting[0].id}")
        token = alice.visit(QUEUE).soup.select_one("[name=csrf_token]")["value"]
        alice.client.post(undo, data={"csrf_token": token})
        assert the_first() is CommentState.TRASHED

    def test_the_queue_is_read_in_pages(self, as_, world, post):
        for number in range(35):
            factories.comment(post, world.bob, f"Number {number}", state=CommentState.PENDING)
        database.session.commit()
        alice = as_(world.alice)
        page = alice.visit(QUEUE)
        assert words(page) == [f"Number {number}" for number in range(30)]
        page = alice.visit(page.soup.select_one("[rel=next]")["href"])
        assert words(page) == [f"Number {number}" for number in range(30, 35)]

    @pytest.mark.parametrize("before", ["x", "-1", "%00", "Li4u"])
    def test_a_place_that_does_not_exist_is_not_found(self, as_, world, before):
        assert as_(world.alice).client.get(f"{QUEUE}?before={before}").status_code == 404


class TestByMail:
    @pytest.fixture
    def link(self, as_, world, post, smtp, jobs):
        """The link in the mail to Alice about a comment that waits."""
        rule(members="read-first")
        as_(world.bob).say("A fine frost.")
        jobs.run()
        return smtp.only(world.alice.email, "comment").link("/comments/decide/").removeprefix("http://localhost")

    def test_opening_it_shows_the_words_and_changes_nothing(self, as_, link):
        page = as_().visit(link)
        assert "A fine frost." in page.text
        assert [button.text for button in page.soup.select("main button")] == ["Publish", "Spam", "Trash"]
        assert the_comment().state is CommentState.PENDING

    @pytest.mark.parametrize("word", ["publish", "spam", "trash"])
    def test_its_buttons_decide_without_signing_in_and_without_cookies(self, app, link, word):
        from webapp.comments.operations import DECIDED, Verdict

        answer = app.test_client(use_cookies=False).post(link, data={"do": word})
        assert answer.status_code == 200
        assert the_comment().state is DECIDED[Verdict(word)]
        entry = database.session.query(AuditEntry).filter(AuditEntry.action.like("comment.%")).one()
        assert entry.actor == "alice@example.org"

    def test_sent_twice_it_says_the_same(self, app, link):
        for _ in range(2):
            answer = app.test_client().post(link, data={"do": "publish"})
            assert answer.status_code == 200
            assert "Done." in answer.text

    def test_once_decided_another_word_from_the_mail_is_too_late(self, app, link):
        app.test_client().post(link, data={"do": "publish"})
        answer = app.test_client().post(link, data={"do": "trash"})
        assert answer.status_code == 409
        assert the_comment().state is CommentState.PUBLISHED
        page = app.test_client().get(link)
        assert "It is published." in page.text
        assert 'name="do"' not in page.text

    def test_whoever_lost_their_role_decides_no_more(self, app, world, link):
        world.alice.role = Role.READER
        database.session.commit()
        assert app.test_client().get(link).status_code == 404
        assert app.test_client().post(link, data={"do": "publish"}).status_code == 404
        assert the_comment().state is CommentState.PENDING

    def test_what_its_writer_removed_is_gone(self, app, as_, world, link):
        bob = as_(world.bob)
        bob.visit(PAGE)
        bob.press("Remove")
        assert app.test_client().post(link, data={"do": "publish"}).status_code == 404

    @pytest.mark.parametrize("do", ["", "explode", "publish:1", "\0"])
    def test_a_word_that_it_does_not_know_changes_nothing(self, app, link, do):
        assert app.test_client().post(link, data={"do": do}).status_code == 422

    def test_it_is_over_after_two_weeks(self, app, link, frozen):
        frozen.shift(timedelta(days=14, seconds=1))
        assert app.test_client().get(link).status_code == 404

    def test_forged_or_meant_for_something_else_it_is_nothing(self, app, link, world, smtp):
        mute = smtp.only(world.alice.email).link("/unsubscribe/comments-").rpartition("comments-")[2]
        for token in ("x", mute, re.sub(r".$", lambda last: "a" if last[0] != "a" else "b", link.rpartition("/")[2])):
            assert app.test_client().post(f"/comments/decide/{token}", data={"do": "publish"}).status_code == 404
        assert the_comment().state is CommentState.PENDING


class TestTheRules:
    def test_an_administrator_sets_them(self, as_, world):
        ada = factories.person("Ada", role=Role.ADMIN)
        database.session.commit()
        admin = as_(ada)
        admin.visit("/comments/settings")
        page = admin.press("Save", members="read-first", visitors="no", close_after_days="30", most_links="0")
        assert "Saved." in page.text
        form = page.fields(page.soup.select_one("main form"))
        assert (form["members"], form["visitors"]) == ("read-first", "no")
        assert (form["close_after_days"], form["most_links"]) == ("30", "0")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"members": "no"},
            {"members": "x"},
            {"visitors": ""},
            {"close_after_days": "-1"},
            {"close_after_days": "9" * 30},
            {"close_after_days": "x"},
            {"most_links": "101"},
            {"close_after_days": ""},
        ],
    )
    def test_what_makes_no_sense_is_refused(self, as_, world, wrong):
        ada = factories.person("Ada", role=Role.ADMIN)
        database.session.commit()
        admin = as_(ada)
        admin.visit("/comments/settings")
        fields = {"members": "at-once", "visitors": "no", "close_after_days": "30", "most_links": "0"} | wrong
        assert admin.press("Save", **fields).status == 422

    def test_nobody_else_does(self, as_, world):
        assert as_(world.alice).client.get("/comments/settings").status_code == 403
        assert as_().client.get("/comments/settings").status_code == 303


def the_first():
    return comments()[0].state
