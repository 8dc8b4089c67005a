"""What is typed is kept before anybody presses a button, and never where readers would see it too early."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from sqlalchemy import select

from tests import factories
from tests.door import Visitor
from tests.world import csrf, sign_in
from webapp.accounts.models import Role
from webapp.extensions import db as database
from webapp.posts import operations
from webapp.posts.models import Post, PostState, Revision, Tag, WorkingCopy

NOW = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
PAGE = "a-page-of-the-editor"


@pytest.fixture(autouse=True)
def wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def alice(world, app):
    """Alice at her browser."""
    return Visitor(sign_in(app.test_client(), world.alice))


@pytest.fixture
def draft(world):
    return added(world, state=PostState.DRAFT)


@pytest.fixture
def public(world):
    return added(world, published_at=NOW - 9 * DAY)


def added(world, **values):
    post = factories.post(world.alice, "Salt", slug="salt", body="Three kinds.", **values)
    database.session.commit()
    return post


def send(visitor, post=None, **fields):
    """What the script sends: the form with a good token, and the versions that the page knows."""
    address = f"/posts/{post if isinstance(post, int) else post.id}/autosave" if post else "/write/autosave"
    return visitor.client.post(address, data={"csrf_token": csrf(visitor.client, "/write/new"), **fields})


def rows(model=Post):
    database.session.expire_all()
    return database.session.scalars(select(model)).all()


def only(model=Post):
    (found,) = rows(model)
    return found


def editor(visitor, post, query=""):
    page = visitor.visit(f"/posts/{post.id}/edit{query}")
    return page, page.soup.select_one("textarea[name=body]").text.strip()


class TestNewPost:
    def test_the_first_autosave_makes_a_draft(self, alice, world):
        answer = send(alice, title="First frost", body="The dahlias.", tags="garden", begun_as=PAGE)
        post = only()
        assert answer.json == {
            "post": post.id,
            "edit": f"/posts/{post.id}/edit",
            "autosave": f"/posts/{post.id}/autosave",
            "version": 1,
            "copy": 0,
            "slug": "first-frost",
            "refused": None,
        }
        assert (post.title, post.body, post.state, post.author_id) == (
            "First frost",
            "The dahlias.",
            PostState.DRAFT,
            world.alice.id,
        )
        assert [revision.body for revision in rows(Revision)] == ["The dahlias."]

    def test_a_first_autosave_that_arrives_twice_makes_one_draft(self, alice):
        for _ in range(2):
            assert send(alice, title="Salt", body="x", begun_as=PAGE).status_code == 200
        assert only().body == "x"

    def test_a_form_that_is_sent_twice_makes_one_post(self, alice):
        fields = {"title": "Salt", "body": "x", "begun_as": PAGE, "action": "publish"}
        token = csrf(alice.client, "/write/new")
        answers = [alice.client.post("/write/new", data={"csrf_token": token, **fields}) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [303, 409]
        assert only().is_public

    def test_a_page_of_somebody_else_begins_a_post_of_its_own(self, alice, app, world):
        world.bob.role = Role.AUTHOR
        database.session.commit()
        send(alice, title="Salt", body="Alice's", begun_as=PAGE)
        send(Visitor(sign_in(app.test_client(), world.bob)), title="Salt", body="Bob's", begun_as=PAGE)
        assert sorted(post.body for post in rows()) == ["Alice's", "Bob's"]

    @pytest.mark.parametrize(
        ("body", "title"),
        [
            ("# A heading\n\nThe *dahlias* are in the cellar.", "The dahlias are in the cellar."),
            ("word " * 40, "word word word word word word word word word word word word…"),
            ("![](x.png)", "2026-11-25"),
            ("a\u2028b \u202e c", "a b c"),
        ],
    )
    def test_without_a_title_it_is_called_by_its_first_words(self, alice, body, title):
        assert send(alice, body=body, begun_as=PAGE).status_code == 200
        assert only().title == title

    @pytest.mark.parametrize("fields", [{}, {"body": " \n"}, {"title": " ", "tags": "garden"}])
    def test_nothing_makes_nothing(self, alice, fields):
        assert send(alice, **fields).status_code == 204
        assert rows() == []

    @pytest.mark.parametrize(
        ("field", "value"), [("tags", "x" * 60), ("slug", "☃"), ("title", "x" * 201), ("title", "two\u2028lines")]
    )
    def test_what_does_not_fit_does_not_hold_up_the_text(self, alice, field, value):
        answer = send(alice, **{"title": "Salt", "body": "Kept.", "begun_as": PAGE} | {field: value})
        assert answer.status_code == 200
        assert answer.json["refused"]
        assert only().body == "Kept."
        assert only(WorkingCopy).fields[field] == value

    @pytest.mark.parametrize(("field", "value"), [("body", "\x00"), ("body", "x" * 200_001), ("title", "a\x00b")])
    def test_what_no_database_can_hold_is_a_422(self, alice, field, value):
        answer = send(alice, **{"title": "Salt", "body": "x", "begun_as": PAGE} | {field: value})
        assert (answer.status_code, answer.json["field"]) == (422, field)
        assert rows() == []


class TestAddress:
    def test_it_follows_the_title_while_nobody_knows_it(self, alice):
        send(alice, title="The fi", body="x", begun_as=PAGE)
        answer = send(alice, only(), title="The first frost", body="x", slug="the-fi", version="1")
        assert answer.json["slug"] == "the-first-frost"

    def test_the_last_press_follows_too(self, alice):
        send(alice, body="Dahlias are in the cellar.", begun_as=PAGE)
        alice.visit(f"/posts/{only().id}/edit")
        assert alice.press("Publish now", title="First frost").path == "/posts/first-frost"

    def test_one_that_was_chosen_stays(self, alice):
        send(alice, title="Salt", body="x", slug="white-stuff", begun_as=PAGE)
        assert (
            send(alice, only(), title="Pepper", body="x", slug="white-stuff", version="1").json["slug"] == "white-stuff"
        )

    def test_one_that_readers_have_seen_stays(self, alice, public):
        alice.visit(f"/posts/{public.id}/edit")
        alice.press("Save changes", title="Pepper")
        alice.press("Unpublish")
        alice.press("Save draft", title="Paprika")
        assert only().slug == "salt"

    def test_a_program_that_changes_a_title_does_not_move_the_post(self, draft, world):
        operations.edit(draft, by=world.alice, now=NOW, version=1, title="Pepper", slug="salt")
        assert draft.slug == "salt"


class TestDraft:
    def test_it_is_saved_where_it_stands_and_a_sitting_leaves_one_revision(self, alice, draft):
        before = only().body
        for version, body in enumerate(("Four", "Four kinds", "Four kinds."), start=1):
            answer = send(alice, draft, title="Salt", body=body, tags="kitchen", slug="salt", version=version, copy="0")
            assert (answer.status_code, answer.json["version"]) == (200, version + 1)
        assert (only().body, only().html) == ("Four kinds.", "<p>Four kinds.</p>\n")
        assert [revision.body for revision in rows(Revision)] == [before, "Four kinds."]
        assert rows(WorkingCopy) == []

    def test_a_title_that_was_rubbed_out_stays_until_there_is_another(self, alice, draft):
        assert send(alice, draft, title="", body="x", version="1").status_code == 200
        assert only().title == "Salt"

    def test_what_does_not_fit_waits_in_a_working_copy_and_is_offered(self, alice, draft):
        tags = ",".join("abcdefghijk")
        answer = send(alice, draft, title="Salt", body="Four.", tags=tags, version="1", copy="0")
        assert answer.json["refused"] == "Tags: Keep it to 10 tags."
        assert only().body == "Three kinds."
        assert rows(Tag) == []
        assert "did not save" in editor(alice, draft)[0].text
        answer = send(alice, draft, title="Salt", body="Four.", tags="a", version="1", copy=answer.json["copy"])
        assert answer.json["refused"] is None
        assert only().body == "Four."
        assert rows(WorkingCopy) == []

    def test_whoever_is_second_gets_both_texts(self, alice, draft):
        send(alice, draft, title="Salt", body="Theirs.", version="1")
        answer = send(alice, draft, title="Salt", body="Mine.", version="1")
        assert answer.status_code == 409
        assert "Somebody saved this post while you were writing." in answer.json["note"]
        assert "Theirs." in answer.json["saved"]
        assert answer.json["version"] == 2
        assert only().body == "Theirs."

    def test_whoever_is_second_sees_what_is_different(self, alice, draft):
        send(alice, draft, title="Sea salt", body="One.\n\nTheir end.", tags="kitchen", version="1")
        answer = send(alice, draft, title="Salt", body="One.\r\n\r\nMy end.", tags="kitchen, sea", version="1")
        shown = BeautifulSoup(answer.json["saved"], "html.parser")
        assert words_in(shown, "del") == ["Sea salt", "Their"]
        assert words_in(shown, "ins") == ["Salt", ", sea", "My"]
        assert [each.text for each in shown.select(".difference > b")] == ["Title", "Tags"]

    def test_two_who_wrote_the_same_are_told_so(self, alice, draft):
        send(alice, draft, title="Salt", body="The same.", tags="", version="1")
        answer = send(alice, draft, title="Salt", body="The same.", tags="", slug="salt", version="1")
        assert "The two say the same." in answer.json["saved"]

    @pytest.mark.parametrize("version", ["", "x", "0", "-1", "99999999999999999999", "²", "\x00"])
    def test_a_version_that_is_none_is_a_conflict(self, alice, draft, version):
        assert send(alice, draft, title="Mine", body="x", version=version).status_code == 409
        assert only().title == "Salt"

    def test_it_does_not_come_out_of_the_trash_by_itself(self, alice, draft, world):
        operations.trash(draft, by=world.alice, now=NOW)
        database.session.commit()
        for version in ("1", "2"):
            answer = send(alice, draft, title="Mine", body="x", version=version)
            assert answer.status_code == 409
            assert "moved to the trash" in answer.json["note"]
        assert only().state is PostState.TRASHED

    def test_another_editor_meets_the_same_versions(self, alice, draft, app):
        edith = Visitor(sign_in(app.test_client(), factories.person("Edith", role=Role.EDITOR)))
        assert send(edith, draft, title="Salt", body="Edith's.", version="1").status_code == 200
        assert send(alice, draft, title="Salt", body="Alice's.", version="1").status_code == 409
        assert only().body == "Edith's."

    def test_only_what_the_form_has_can_be_set(self, alice, draft, world):
        send(alice, draft, body="x", version="1", state="published", author_id=world.bob.id, html="<script>")
        assert (only().state, only().author_id, only().html) == (PostState.DRAFT, world.alice.id, "<p>x</p>\n")


def words_in(shown: BeautifulSoup, element: str) -> list[str]:
    return [each.get_text() for each in shown.select(element)]


class TestPublished:
    def test_readers_see_nothing_of_it(self, alice, public, client):
        answer = send(alice, public, title="Pepper", body="Four kinds.", tags="kitchen", version="1", copy="0")
        assert (answer.json["version"], answer.json["copy"]) == (1, 1)
        page = client.get("/posts/salt").text
        assert "Three kinds." in page
        assert "Four kinds." not in page
        assert "Pepper" not in client.get("/").text
        assert rows(Revision) == rows(Tag) == []

    def test_the_list_says_which_posts_have_unsaved_changes(self, alice, public, app):
        edith = Visitor(sign_in(app.test_client(), factories.person("Edith", role=Role.EDITOR)))
        send(alice, public, title="Salt", body="Four kinds.", version="1", copy="0")
        page = alice.visit("/write")
        link = page.soup.find("a", string=lambda text: text and text.startswith("Unsaved changes"))
        assert alice.visit(link["href"]).soup.select_one("[name=body]").text.strip() == "Four kinds."
        assert page.text.count("Unsaved changes") == 1
        assert "Unsaved changes" not in edith.visit("/write").text
        editor(alice, public)
        alice.press("Throw them away")
        assert "Unsaved changes" not in alice.visit("/write").text

    def test_it_is_offered_taken_and_saved(self, alice, public):
        send(alice, public, title="Pepper", body="Four kinds.", tags="kitchen", version="1", copy="0")
        page, body = editor(alice, public)
        assert "You changed this post on Wed 25 Nov, 09:40 and did not save." in page.text
        assert body == "Three kinds."
        page, body = editor(alice, public, "?words=mine")
        assert body == "Four kinds."
        assert "Four kinds." in page.soup.select_one("#preview").text
        assert page.soup.select_one("[name=title]").text.strip() == "Pepper"
        alice.press("Save changes")
        assert (only().title, only().body) == ("Pepper", "Four kinds.")
        assert rows(WorkingCopy) == []

    def test_a_save_that_did_not_show_it_leaves_it(self, alice, public):
        send(alice, public, title="Salt", body="Four kinds.", version="1", copy="0")
        editor(alice, public)
        alice.press("Save changes", body="Five kinds.")
        page, body = editor(alice, public)
        assert body == "Five kinds."
        assert "It has been saved since then; you will see both." in page.text
        editor(alice, public, "?words=mine")
        page = alice.press("Save changes")
        assert page.status == 409
        assert page.soup.select_one("#saved-body").text.strip() == "Five kinds."
        assert (words_in(page.soup, ".difference del"), words_in(page.soup, ".difference ins")) == (["Five"], ["Four"])
        assert page.soup.select_one("[name=body]").text.strip() == "Four kinds."

    def test_two_tabs_of_one_person_do_not_write_over_each_other(self, alice, public):
        send(alice, public, title="Salt", body="First tab.", version="1", copy="0")
        answer = send(alice, public, title="Salt", body="Second tab.", version="1", copy="0")
        assert answer.status_code == 409
        assert "other unsaved changes" in answer.json["note"]
        assert "First tab." in answer.json["saved"]
        assert only(WorkingCopy).fields["body"] == "First tab."
        assert send(alice, public, title="Salt", body="Both.", version="1", copy=answer.json["copy"]).status_code == 200

    def test_two_people_have_a_copy_each(self, alice, public, app):
        edith = Visitor(sign_in(app.test_client(), factories.person("Edith", role=Role.EDITOR)))
        send(alice, public, body="Alice's.", version="1", copy="0")
        send(edith, public, body="Edith's.", version="1", copy="0")
        assert editor(alice, public, "?words=mine")[1] == "Alice's."
        assert editor(edith, public, "?words=mine")[1] == "Edith's."

    def test_a_scheduled_post_appears_as_it_was_saved(self, alice, world, client):
        post = added(world, state=PostState.SCHEDULED, publish_at=NOW + HOUR)
        assert send(alice, post, title="Salt", body="Not yet.", version="1", copy="0").status_code == 200
        with time_machine.travel(NOW + 2 * HOUR, tick=False):
            operations.publish_due(now=NOW + 2 * HOUR)
            database.session.commit()
            assert "Three kinds." in client.get("/posts/salt").text
            answer = send(alice, post, title="Salt", body="Not yet, still.", version="1", copy="1")
            assert answer.status_code == 409

    def test_what_is_thrown_away_comes_back_by_undo(self, alice, public):
        send(alice, public, title="Salt", body="Four kinds.", version="1", copy="0")
        editor(alice, public)
        page = alice.press("Throw them away")
        assert "Your unsaved changes are thrown away." in page.text
        assert "did not save" not in editor(alice, public)[0].text
        alice.visit("/write")
        editor(alice, public)
        alice.client.post(
            f"/posts/{public.id}/working-copy/return", data={"csrf_token": csrf(alice.client, "/write/new")}
        )
        assert editor(alice, public, "?words=mine")[1] == "Four kinds."

    def test_a_field_that_is_longer_than_any_is_refused(self, alice, public):
        answer = send(alice, public, body="x", slug="x" * 6000, version="1", copy="0")
        assert (answer.status_code, answer.json["field"]) == (422, "slug")
        assert rows(WorkingCopy) == []


class TestWhoMay:
    def paths(self, post):
        return [
            "/write/autosave",
            *(f"/posts/{post.id}/{part}" for part in ("autosave", "working-copy/removal", "working-copy/return")),
        ]

    def test_nobody_is_asked_to_sign_in(self, client, public):
        token = csrf(client, "/login")
        for path in self.paths(public):
            answer = client.post(path, data={"csrf_token": token, "body": "x"})
            assert answer.status_code == 303
            assert answer.location.startswith("/login")

    def test_a_reader_may_not(self, client, public, world):
        sign_in(client, world.bob)
        token = csrf(client, "/settings")
        for path in self.paths(public):
            assert client.post(path, data={"csrf_token": token, "body": "x"}).status_code == 403

    def test_the_post_of_another_author_does_not_exist(self, public, app):
        eve = Visitor(sign_in(app.test_client(), factories.person("Eve", role=Role.AUTHOR)))
        token = csrf(eve.client, "/write/new")
        for path in self.paths(public)[1:]:
            assert eve.client.post(path, data={"csrf_token": token, "body": "x", "version": "1"}).status_code == 404
        assert rows(WorkingCopy) == []

    def test_a_visit_changes_nothing(self, alice, public):
        assert [alice.client.get(path).status_code for path in self.paths(public)] == [405] * 4

    def test_a_request_without_a_token_is_refused(self, alice, public):
        for path in self.paths(public):
            assert alice.client.post(path, data={"body": "x", "version": "1"}).status_code == 400
        assert rows(WorkingCopy) == []

    @pytest.mark.parametrize("post_id", [99, 2**63])
    def test_an_impossible_number_is_a_404(self, alice, post_id):
        assert send(alice, post_id, body="x").status_code == 404

    def test_it_is_not_taken_without_end(self, alice, draft):
        token = csrf(alice.client, "/write/new")
        answers = [alice.client.post("/write/autosave", data={"csrf_token": token}).status_code for _ in range(61)]
        assert (set(answers[:60]), answers[60]) == ({204}, 429)


WORDS = {"title": "Salt & <b>", "body": "A long and careful text.</textarea>", "tags": "kitchen", "version": "1"}


class TestWordsThatCannotBeTaken:
    @pytest.mark.parametrize("path", ["/write/new", "/posts/{}/edit"])
    def test_whoever_is_signed_out_gets_them_back(self, client, draft, path):
        token = csrf(client, "/login")
        answer = client.post(path.format(draft.id), data={"csrf_token": token, "action": "publish", **WORDS})
        assert answer.status_code == 401
        page = Visitor(client)._read(answer)
        assert page.soup.select_one("textarea[name=body]").text.strip() == WORDS["body"]
        assert page.soup.select_one("[name=title]").text.strip() == WORDS["title"]
        assert page.soup.select_one("[name=tags]")["value"] == "kitchen"
        assert (only().title, only().state) == ("Salt", PostState.DRAFT)

    def test_they_are_in_the_editor_after_signing_in(self, client, draft, world):
        data = {"csrf_token": "of an earlier session", "action": "save", **WORDS}
        page = Visitor(client)
        assert page._read(client.post(f"/posts/{draft.id}/edit", data=data)).status == 401
        sign_in(client, world.alice)  # in another window
        answer = page.press("Go on writing")
        assert answer.status == 400
        assert "Not saved yet." in answer.text
        assert only().title == "Salt"
        page.press("Save draft")
        assert (only().title, only().body) == (WORDS["title"], WORDS["body"])

    def test_they_do_not_reach_somebody_elses_post(self, app, draft):
        eve = sign_in(app.test_client(), factories.person("Eve", role=Role.AUTHOR))
        data = {"csrf_token": "old", "action": "save", **WORDS}
        assert eve.post(f"/posts/{draft.id}/edit", data=data).status_code == 404

    def test_a_reader_gets_the_usual_page(self, client, draft, world):
        sign_in(client, world.bob)
        answer = client.post(f"/posts/{draft.id}/edit", data={"csrf_token": "old", **WORDS})
        assert answer.status_code == 400
        assert "This form is no longer good." in answer.text

    def test_a_form_without_words_gets_the_usual_page(self, alice, draft):
        answer = alice.client.post(f"/posts/{draft.id}/trash", data={"csrf_token": "old"})
        assert answer.status_code == 400
        assert "This form is no longer good." in answer.text
