"""Between an author and the editors: asked, answered, and nothing said is lost."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests import factories
from tests.door import Visitor
from tests.world import csrf, sign_in
from webapp.accounts.models import Role, Scope
from webapp.core.errors import Conflict
from webapp.extensions import db as database
from webapp.posts import operations, queries
from webapp.posts.models import Post, PostState, ReviewNote, ReviewState, ReviewStep
from webapp.posts.operations import reviewing
from webapp.settings.models import SiteSetting

NOW = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def enter(app):
    return lambda person: Visitor(sign_in(app.test_client(), person))


@pytest.fixture
def edith(world):
    return factories.person("Edith", role=Role.EDITOR, zone="America/New_York")


@pytest.fixture
def required(world):
    """A site on which authors have their posts read first."""
    database.session.add(SiteSetting(name="review", value={"required": True}))
    database.session.commit()


@pytest.fixture
def draft(world):
    made = factories.post(world.alice, "Salt", body="Three kinds.", slug="salt")
    database.session.commit()
    return made


@pytest.fixture
def asked(world, draft, required):
    """A draft that Alice has sent for review."""
    reviewing.submit(draft, by=world.alice, now=NOW - DAY, words="Is the end too long?")
    database.session.commit()
    return draft


def only_post():
    database.session.expire_all()
    return database.session.scalars(select(Post)).one()


def steps():
    return [(each.step, each.note) for each in database.session.scalars(select(ReviewNote).order_by(ReviewNote.id))]


class TestTheRule:
    def test_an_author_publishes_by_themselves_unless_the_site_says_otherwise(self, world, draft, enter):
        alice = enter(world.alice)
        alice.visit(f"/posts/{draft.id}/edit")
        alice.press("Publish now")
        assert only_post().is_public

    @pytest.mark.parametrize("action", ["publish", "schedule"])
    def test_where_editors_read_first_an_author_cannot_pass_them_by(self, world, draft, required, enter, action):
        alice = enter(world.alice)
        page = alice.visit(f"/posts/{draft.id}/edit")
        assert not page.has_button("Publish now")
        assert not page.has_button("Schedule")
        fields = {"title": "Salt", "body": "x", "publish_at": "2026-12-01T08:00", "action": action}
        token = csrf(alice.client, f"/posts/{draft.id}/edit")
        answer = alice.client.post(f"/posts/{draft.id}/edit", data={"csrf_token": token, **fields})
        assert answer.status_code == 422
        assert "an editor reads a post before it appears" in answer.text
        alice.client.post(f"/posts/{draft.id}/publication", data={"csrf_token": token})
        assert only_post().state is PostState.DRAFT

    def test_nor_with_the_api(self, world, draft, required, client):
        _row, secret = factories.api_token(world.alice, Scope.POSTS_WRITE)
        database.session.commit()
        carried = {"Authorization": f"Bearer {secret}"}
        for body in ({}, {"publish_at": "2026-12-01T08:00:00Z"}):
            answer = client.put(f"/api/v1/posts/{draft.id}/publication", json=body, headers=carried)
            assert answer.status_code == 422
            assert "Send it for review" in str(answer.json)
        new = {"title": "At once", "body": "x", "state": "published"}
        assert client.post("/api/v1/posts", json=new, headers=carried).status_code == 422
        assert only_post().state is PostState.DRAFT

    def test_an_editor_needs_nobody(self, edith, draft, required, enter):
        visitor = enter(edith)
        visitor.visit(f"/posts/{draft.id}/edit")
        visitor.press("Publish now")
        assert only_post().is_public

    def test_what_was_public_once_its_author_shows_again(self, world, required):
        post = factories.post(world.alice, "Old", published_at=NOW - DAY)
        operations.unpublish(post, by=world.alice, now=NOW)
        operations.publish(post, by=world.alice, now=NOW)
        assert post.is_public

    def test_an_administrator_makes_the_rule_and_an_editor_does_not(self, world, edith, enter):
        boss = factories.person("Ada", role=Role.ADMIN)
        database.session.commit()
        page = enter(edith).visit("/review")
        assert "Authors publish by themselves" in page.text
        assert not page.has_button("Have an editor read everything first")
        visitor = enter(boss)
        visitor.visit("/review")
        visitor.press("Have an editor read everything first")
        database.session.expire_all()
        assert queries.is_review_required()
        visitor.press("Let authors publish by themselves")
        database.session.expire_all()
        assert not queries.is_review_required()

    def test_an_editor_who_forges_the_form_is_refused(self, edith, enter):
        client = enter(edith).client
        token = csrf(client, "/write/new")
        assert client.post("/review/rule", data={"csrf_token": token, "required": "yes"}).status_code == 403
        assert not queries.is_review_required()


class TestAsking:
    def test_one_press_saves_the_text_and_sends_it(self, world, required, enter):
        alice = enter(world.alice)
        alice.visit("/write/new")
        page = alice.press("Send for review", title="Salt", body="Three kinds.")
        assert "It waits for an editor." in page.text
        assert (only_post().review_state, only_post().state) == (ReviewState.WAITING, PostState.DRAFT)
        assert "Waits for review" in alice.visit("/write").text
        page = alice.visit(f"/posts/{only_post().id}/edit")
        assert not page.has_button("Send for review")

    def test_an_author_may_ask_where_nobody_has_to(self, world, draft, enter):
        alice = enter(world.alice)
        alice.visit(f"/posts/{draft.id}/review")
        alice.press("Send for review", note="Just in case.")
        assert steps() == [(ReviewStep.SUBMITTED, "Just in case.")]
        alice.visit(f"/posts/{draft.id}/edit")
        alice.press("Publish now")
        assert (only_post().is_public, only_post().review_state) == (True, None)
        assert steps()[-1] == (ReviewStep.WITHDRAWN, "")

    def test_it_disturbs_no_open_editor(self, world, draft, edith, enter):
        alice, other_tab = enter(world.alice), enter(world.alice)
        alice.visit(f"/posts/{draft.id}/edit")
        other_tab.visit(f"/posts/{draft.id}/review")
        other_tab.press("Send for review")
        assert alice.press("Save draft", body="Four kinds.").status == 200
        assert only_post().review_state is ReviewState.WAITING

    def test_it_is_taken_back(self, world, asked, enter):
        alice = enter(world.alice)
        alice.visit(f"/posts/{asked.id}/review")
        alice.press("Take it back")
        assert only_post().review_state is None
        assert queries.waiting_for_review() == []

    def test_an_empty_draft_is_not_sent(self, world, enter, required):
        draft = factories.post(world.alice, "Empty", body=" ")
        database.session.commit()
        alice = enter(world.alice)
        alice.visit(f"/posts/{draft.id}/review")
        assert alice.press("Send for review").status == 422
        assert only_post().review_state is None


class TestAnswering:
    def test_editors_find_what_waits_the_longest_waiting_first(self, world, asked, edith, enter):
        later = factories.post(world.alice, "Pepper")
        reviewing.submit(later, by=world.alice, now=NOW)
        gone = factories.post(world.alice, "Gone")
        reviewing.submit(gone, by=world.alice, now=NOW)
        operations.trash(gone, by=world.alice, now=NOW)
        database.session.commit()
        visitor = enter(edith)
        assert "2 posts wait for review" in visitor.visit("/write").text
        page = visitor.visit("/review")
        assert [title.text for title in page.soup.select("main ol h2")] == ["Salt", "Pepper"]
        assert "Is the end too long?" in page.text
        assert "Three kinds." in visitor.visit(f"/posts/{asked.id}/review").text

    def test_an_author_sees_no_queue(self, world, asked, enter):
        alice = enter(world.alice)
        assert alice.visit("/review").status == 403
        assert "waits for review" not in alice.visit("/write").text

    def test_changes_are_asked_for_with_a_word_and_the_author_reads_it(self, world, asked, edith, enter):
        visitor = enter(edith)
        visitor.visit(f"/posts/{asked.id}/review")
        visitor.press("Ask for changes", note="The end is too long.")
        alice = enter(world.alice)
        assert "An editor asks for changes" in alice.visit("/write").text
        assert "The end is too long." in alice.visit(f"/posts/{asked.id}/edit").text
        alice.press("Send for review", body="Two kinds.")
        page = alice.visit(f"/posts/{asked.id}/review")
        for words in ("Is the end too long?", "The end is too long.", "Edith", "Alice"):
            assert words in page.text
        assert [step for step, _ in steps()] == [ReviewStep.SUBMITTED, ReviewStep.CHANGES, ReviewStep.SUBMITTED]

    def test_changes_need_a_word(self, asked, edith, enter):
        visitor = enter(edith)
        visitor.visit(f"/posts/{asked.id}/review")
        page = visitor.press("Ask for changes", note="  ")
        assert page.status == 422
        assert "Say what should change." in page.text
        assert only_post().review_state is ReviewState.WAITING

    def test_approved_is_published(self, asked, edith, enter):
        visitor = enter(edith)
        visitor.visit(f"/posts/{asked.id}/review")
        page = visitor.press("Approve and publish now", note="Fine.")
        assert page.path == "/posts/salt"
        assert (only_post().is_public, only_post().review_state) == (True, ReviewState.APPROVED)
        assert steps()[-1] == (ReviewStep.APPROVED, "Fine.")

    def test_approved_for_later_appears_in_the_editors_own_time(self, world, asked, edith, enter):
        visitor = enter(edith)
        visitor.visit(f"/posts/{asked.id}/review")
        visitor.press("Approve and schedule", publish_at="2026-12-01T08:00")
        post = only_post()
        assert (post.state, post.publish_at) == (PostState.SCHEDULED, datetime(2026, 12, 1, 13, tzinfo=UTC))
        alice = enter(world.alice)
        alice.visit(f"/posts/{post.id}/edit")
        alice.press("Schedule anew", publish_at="2026-12-02T08:00")
        assert only_post().publish_at == datetime(2026, 12, 2, 8, tzinfo=UTC), "approved is approved"

    def test_an_approval_without_a_time_keeps_what_was_typed(self, asked, edith, enter):
        visitor = enter(edith)
        visitor.visit(f"/posts/{asked.id}/review")
        page = visitor.press("Approve and schedule", note="Good.")
        assert page.status == 422
        assert page.soup.select_one("[name=note]").text.strip() == "Good."
        assert (only_post().review_state, steps()[-1][0]) == (ReviewState.WAITING, ReviewStep.SUBMITTED)

    def test_what_was_changed_while_the_editor_read_is_shown_before_it_is_approved(self, world, asked, edith, enter):
        visitor = enter(edith)
        visitor.visit(f"/posts/{asked.id}/review")
        operations.edit(asked, by=world.alice, now=NOW, version=None, body="Something else altogether.")
        page = visitor.press("Approve and publish now")
        assert page.status == 409
        assert "Something else altogether." in page.text
        assert not only_post().is_public
        visitor.press("Approve and publish now")
        assert only_post().is_public

    def test_an_editor_who_publishes_in_the_editor_has_approved(self, asked, edith, enter):
        visitor = enter(edith)
        visitor.visit(f"/posts/{asked.id}/edit")
        visitor.press("Publish now")
        assert only_post().review_state is ReviewState.APPROVED
        assert steps()[-1] == (ReviewStep.APPROVED, "")

    def test_two_editors_answer_once(self, asked, edith, db):
        first = queries.get_editable(edith, asked.id)
        database.session.execute(Post.__table__.update().values(review_state="changes"))
        with pytest.raises(Conflict):
            reviewing.ask_for_changes(first, by=edith, now=NOW, words="Too late.")

    @pytest.mark.parametrize("action", ["changes", "publish", "schedule", "approve", "", "submit'"])
    def test_an_author_answers_for_no_editor(self, world, asked, enter, action):
        client = enter(world.alice).client
        token = csrf(client, "/write/new")
        answer = client.post(
            f"/posts/{asked.id}/review", data={"csrf_token": token, "action": action, "note": "Let me."}
        )
        assert answer.status_code == 400
        assert only_post().review_state is ReviewState.WAITING

    @pytest.mark.parametrize("note", ["a\x00b", "x" * 2001])
    def test_a_note_that_cannot_be_kept_is_refused(self, asked, edith, enter, note):
        visitor = enter(edith)
        visitor.visit(f"/posts/{asked.id}/review")
        assert visitor.press("Ask for changes", note=note).status == 422
        assert only_post().review_state is ReviewState.WAITING
