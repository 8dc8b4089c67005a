"""What authors do in the pages: the editor, the list of their posts, publishing and the trash."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests import factories
from tests.door import Visitor
from tests.world import csrf, sign_in
from webapp.accounts.models import Role
from webapp.extensions import db as database
from webapp.posts.models import Post, PostState, Revision, RevisionReason

NOW = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def alice(world, app):
    """Alice at her browser."""
    return Visitor(sign_in(app.test_client(), world.alice))


def only_post():
    database.session.expire_all()
    return database.session.scalars(select(Post)).one()


def send(visitor, path, **fields):
    """Sends a form by hand, with a good token."""
    return visitor.client.post(path, data={"csrf_token": csrf(visitor.client, "/write/new"), **fields})


class TestWhoMay:
    PAGES = (
        "/write",
        "/write/new",
        "/posts/1/edit",
        "/posts/1/revisions",
        "/posts/1/revisions/1",
        "/posts/1/previews",
        "/posts/1/authors",
        "/posts/1/review",
        "/posts/1/deletion",
        "/review",
    )
    CHANGES = (
        "/write/new",
        "/posts/1/edit",
        "/posts/1/publication",
        "/posts/1/publication/withdrawal",
        "/posts/1/trash",
        "/posts/1/restoration",
        "/posts/1/deletion",
        "/posts/1/previews",
        "/posts/1/previews/1/revocation",
        "/posts/1/authors",
        "/posts/1/authors/1/removal",
        "/posts/1/revisions/1",
        "/posts/1/review",
    )

    def test_nobody_is_asked_to_sign_in_first(self, client):
        for path in self.PAGES:
            answer = client.get(path)
            assert answer.status_code == 303
            assert answer.location.startswith("/login?next=")

    @pytest.mark.parametrize("role", [Role.READER, Role.OPERATOR])
    def test_a_reader_may_not_write(self, world, client, role):
        world.bob.role = role
        sign_in(client, world.bob)
        for path in self.PAGES:
            assert client.get(path).status_code == 403
        token = csrf(client, "/settings")
        for path in self.CHANGES:
            assert client.post(path, data={"csrf_token": token, "title": "x"}).status_code == 403
        assert database.session.scalars(select(Post)).all() == []

    @pytest.mark.parametrize("state", list(PostState))
    def test_the_post_of_another_author_does_not_exist(self, world, alice, state):
        other = factories.person("Eve", role=Role.AUTHOR)
        theirs = factories.post(other, "Theirs", state=state, published_at=NOW, publish_at=NOW + DAY)
        database.session.commit()
        for page in self.PAGES[2:-1]:
            assert alice.visit(page.replace("/1/", f"/{theirs.id}/", 1)).status == 404
        for path in self.CHANGES[1:]:
            assert send(alice, path.replace("/1/", f"/{theirs.id}/", 1), title="Mine now", body="x").status_code == 404
        assert (only_post().title, only_post().state) == ("Theirs", state)
        assert "Theirs" not in alice.visit("/write").text

    def test_an_editor_edits_what_others_wrote(self, world, app):
        editor = factories.person("Edith", role=Role.EDITOR)
        post = factories.post(world.alice, "Salt")
        database.session.commit()
        edith = Visitor(sign_in(app.test_client(), editor))
        assert "By Alice" in edith.visit("/write").text
        edith.visit(f"/posts/{post.id}/edit")
        edith.press("Publish now", body="Edited.")
        assert (only_post().body, only_post().is_public, only_post().author_id) == ("Edited.", True, world.alice.id)
        before, after = database.session.scalars(select(Revision).order_by(Revision.id))
        assert (before.person_id, before.body) == (world.alice.id, "The text of Salt.")
        assert (after.person_id, after.reason) == (editor.id, RevisionReason.PUBLISHED)

    @pytest.mark.parametrize(
        "path",
        [
            *("publication", "publication/withdrawal", "trash", "restoration"),
            *("previews/1/revocation", "authors/1/removal"),
        ],
    )
    def test_a_visit_changes_nothing(self, world, alice, path):
        post = factories.post(world.alice)
        database.session.commit()
        assert alice.client.get(f"/posts/{post.id}/{path}").status_code == 405

    @pytest.mark.parametrize("post_id", ["0", "-1", "9223372036854775808", "1" * 400, "x"])
    def test_an_impossible_number_is_a_404(self, alice, post_id):
        assert alice.client.get(f"/posts/{post_id}/edit").status_code == 404
        assert send(alice, f"/posts/{post_id}/trash").status_code == 404

    def test_a_form_without_its_token_is_refused(self, alice):
        assert alice.client.post("/write/new", data={"title": "x", "body": "y"}).status_code == 400
        assert database.session.scalars(select(Post)).all() == []


class TestEditor:
    def test_one_press_saves_the_text_and_publishes_it(self, alice):
        alice.visit("/write/new")
        page = alice.press("Publish now", title="First frost", body="The *dahlias*.", tags="garden, 花、autumn")
        assert page.path == "/posts/first-frost"
        assert "Published. Everyone can read it here." in page.text
        assert [tag.text for tag in page.soup.select("[rel=tag]")] == ["autumn", "garden", "花"]
        post = only_post()
        assert (post.is_public, post.published_at) == (True, NOW)
        assert post.html == "<p>The <em>dahlias</em>.</p>\n"
        page = alice.press("Undo")
        assert page.path == f"/posts/{post.id}/edit"
        assert only_post().state is PostState.DRAFT

    def test_a_draft_is_saved_and_found_again(self, alice):
        alice.visit("/write/new")
        page = alice.press("Save draft", title="Salt", body="Three kinds.", slug="white stuff")
        assert page.path == f"/posts/{only_post().id}/edit"
        assert "Saved." in page.text
        assert only_post().slug == "white-stuff"
        assert "Salt" in alice.visit("/write").text
        page = alice.visit(f"/posts/{only_post().id}/edit")
        assert page.soup.select_one("textarea[name=body]").text.strip() == "Three kinds."

    def test_what_does_not_fit_is_kept_with_a_sentence_beside_it(self, alice):
        alice.visit("/write/new")
        page = alice.press("Publish now", title="", body="Kept.", tags="x" * 60)
        assert page.status == 422
        assert page.soup.select_one("#title-error").text == "Write something here."
        assert page.soup.select_one("textarea[name=body]").text.strip() == "Kept."
        assert page.soup.select_one("[role=alert] a[href='#title']")
        assert database.session.scalars(select(Post)).all() == []

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            *[("title", value) for value in ("\x00", "x" * 201, "\u2028")],
            *[("body", value) for value in ("\x00", "x" * 200_001)],
            *[("tags", value) for value in (",".join("abcdefghijk"), "☃", "x" * 51)],
            *[("slug", value) for value in ("☃", "a\nb", "x" * 500)],
        ],
        ids=lambda value: repr(value)[:20],
    )
    def test_bad_input_is_a_422_at_its_field(self, alice, field, value):
        fields = {"title": "Fine", "body": "Fine.", "tags": "", "slug": "", "action": "publish"}
        answer = send(alice, "/write/new", **fields | {field: value})
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text
        assert database.session.scalars(select(Post)).all() == []

    @pytest.mark.parametrize("action", ["", "delete", "save\x00", "x" * 1000])
    def test_an_unknown_button_is_a_400(self, alice, action):
        assert send(alice, "/write/new", title="x", body="y", action=action).status_code == 400

    def test_nothing_but_the_fields_of_the_form_can_be_set(self, world, alice):
        send(
            alice,
            "/write/new",
            title="Mine",
            body="x",
            author_id=str(world.bob.id),
            state="published",
            published_at="2020-01-01T00:00",
            html="<script>alert(1)</script>",
            id="99",
        )
        post = only_post()
        assert (post.author_id, post.state, post.published_at, post.html) == (
            world.alice.id,
            PostState.DRAFT,
            None,
            "<p>x</p>\n",
        )

    @pytest.mark.parametrize("version", ["x", "-1", "99999999999999999999", "1.5", "²", "\x00"])
    def test_a_version_that_is_none_is_a_conflict(self, world, alice, version):
        post = factories.post(world.alice, "Salt")
        database.session.commit()
        answer = send(alice, f"/posts/{post.id}/edit", title="Mine", body="x", version=version)
        assert answer.status_code == 409
        assert only_post().title == "Salt"

    def test_a_field_that_was_not_sent_stays_as_it_is(self, world, alice):
        post = factories.post(world.alice, "Salt", tags=("kitchen",))
        database.session.commit()
        send(alice, f"/posts/{post.id}/edit", title="Pepper")
        page = alice.visit(f"/posts/{post.id}/edit")
        assert page.soup.select_one("[name=tags]")["value"] == "kitchen"
        assert page.soup.select_one("[name=body]").text.strip() == "The text of Salt."

    def test_a_published_post_is_changed_where_it_stands(self, world, alice):
        post = factories.post(world.alice, "Salt", slug="salt", published_at=NOW - 9 * DAY)
        database.session.commit()
        alice.visit(f"/posts/{post.id}/edit")
        alice.press("Save changes", body="Better.", slug="sea salt")
        assert "Better." in alice.visit("/posts/salt").text
        assert alice.page.path == "/posts/sea-salt"
        assert only_post().published_at == NOW - 9 * DAY


class TestPreview:
    @pytest.mark.parametrize("typed", ["First frost", "First\r\nfrost", " First \n\n  frost\n"])
    def test_a_title_has_room_to_wrap_and_is_one_line(self, alice, typed):
        field = alice.visit("/write/new").soup.select_one("textarea[name=title]")
        assert field["rows"] == "1"
        alice.press("Publish now", title=typed, body="The dahlias.")
        assert only_post().title == "First frost"

    def test_it_shows_the_text_as_readers_will_see_it_and_saves_nothing(self, alice):
        alice.visit("/write/new")
        page = alice.press("Preview", title="Salt", body="Three *kinds* <script>alert(1)</script>")
        assert page.status == 200
        assert page.soup.select_one("#preview em").text == "kinds"
        assert "<script>alert(1)</script>" in page.soup.select_one("#preview").text
        assert page.soup.select_one("[name=title]").text.strip() == "Salt"
        assert database.session.scalars(select(Post)).all() == []

    def test_htmx_gets_the_part_alone(self, alice):
        token = csrf(alice.client, "/write/new")
        answer = alice.client.post(
            "/write/new",
            data={"csrf_token": token, "body": "**Bold**", "action": "preview"},
            headers={"HX-Request": "true"},
        )
        assert answer.text.strip().endswith("<p><strong>Bold</strong></p>")
        assert "<html" not in answer.text

    def test_a_text_that_is_too_long_says_so_and_stays(self, alice):
        alice.visit("/write/new")
        page = alice.press("Preview", body="x" * 200_001)
        assert page.status == 422
        assert "Keep it under 200,000 characters." in page.text
        assert len(page.soup.select_one("[name=body]").text.strip()) == 200_001

    def test_a_saved_post_stays_as_it_is(self, world, alice):
        post = factories.post(world.alice, "Salt")
        database.session.commit()
        alice.visit(f"/posts/{post.id}/edit")
        page = alice.press("Preview", body="Not yet.")
        assert "Not yet." in page.soup.select_one("#preview").text
        assert only_post().body == "The text of Salt."


class TestTwoEditors:
    def test_a_stale_form_shows_both_texts_and_the_next_press_decides(self, world, app, alice):
        post = factories.post(world.alice, "Salt", body="In the beginning.")
        database.session.commit()
        other = Visitor(sign_in(app.test_client(), world.alice))
        for visitor in (alice, other):
            visitor.visit(f"/posts/{post.id}/edit")
        other.press("Save draft", body="Theirs.")
        page = alice.press("Save draft", body="Mine.", title="Pepper")
        assert page.status == 409
        assert page.soup.select_one("[name=body]").text.strip() == "Mine."
        assert page.soup.select_one("#saved-body").text.strip() == "Theirs."
        assert page.soup.select_one("[name=title]").text.strip() == "Pepper"
        assert only_post().body == "Theirs."
        alice.press("Save draft", body="Mine and theirs.")
        assert (only_post().body, only_post().title) == ("Mine and theirs.", "Pepper")

    def test_what_is_typed_while_the_post_goes_to_the_trash_is_not_lost(self, world, app, alice):
        post = factories.post(world.alice, "Salt", published_at=NOW)
        database.session.commit()
        alice.visit(f"/posts/{post.id}/edit")
        other = Visitor(sign_in(app.test_client(), world.alice))
        other.visit("/write")
        other.press("Move to trash")
        page = alice.press("Save changes", body="Mine.")
        assert page.status == 409
        assert "moved to the trash while you were writing" in page.text
        assert page.soup.select_one("[name=body]").text.strip() == "Mine."
        alice.press("Save draft")
        assert (only_post().body, only_post().state) == ("Mine.", PostState.DRAFT)

    def test_a_form_sent_twice_publishes_once(self, world, alice):
        post = factories.post(world.alice, "Salt")
        database.session.commit()
        fields = {"title": "Salt", "body": "x", "version": "1", "action": "publish"}
        assert [send(alice, f"/posts/{post.id}/edit", **fields).status_code for _ in range(2)] == [303, 409]
        reasons = [each.reason for each in database.session.scalars(select(Revision).order_by(Revision.id))]
        assert reasons == [RevisionReason.SAVED, RevisionReason.PUBLISHED]


class TestSchedule:
    def test_a_time_is_meant_where_the_author_lives(self, world, alice):
        world.alice.zone = "Asia/Shanghai"
        alice.visit("/write/new")
        page = alice.press("Schedule", title="Salt", body="Later.", publish_at="2026-11-28T08:00")
        assert "It will appear by itself: Sat 28 Nov, 08:00." in page.text
        assert "Appears Sat 28 Nov, 08:00 · Shanghai · in 3 days" in page.text
        assert only_post().publish_at == datetime(2026, 11, 28, tzinfo=UTC)
        assert page.soup.select_one("[name=publish_at]")["value"] == "2026-11-28T08:00"

    def test_saving_a_scheduled_post_keeps_its_time(self, world, alice):
        post = factories.post(world.alice, "Salt", state=PostState.SCHEDULED, publish_at=NOW + DAY)
        database.session.commit()
        alice.visit(f"/posts/{post.id}/edit")
        alice.press("Save", body="Better.")
        assert (only_post().body, only_post().state, only_post().publish_at) == (
            "Better.",
            PostState.SCHEDULED,
            NOW + DAY,
        )
        alice.press("Back to draft")
        assert only_post().state is PostState.DRAFT

    def test_a_time_that_the_clocks_skip_is_taken_after_the_gap_and_that_is_said(self, world, alice):
        world.alice.zone = "America/New_York"
        alice.visit("/write/new")
        page = alice.press("Schedule", title="Salt", body="x", publish_at="2027-03-14T02:30")
        assert only_post().publish_at == datetime(2027, 3, 14, 7, 30, tzinfo=UTC)
        assert "02:30 does not exist on Sun 14 Mar in New York, so we take 03:30." in page.text

    def test_a_time_that_comes_twice_is_taken_the_first_time_and_that_is_said(self, world, alice):
        world.alice.zone = "America/New_York"
        alice.visit("/write/new")
        page = alice.press("Schedule", title="Salt", body="x", publish_at="2027-11-07T01:30")
        assert only_post().publish_at == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)
        assert "01:30 comes twice on Sun 7 Nov in New York; we take the first." in page.text

    def test_what_is_scheduled_already_moves_to_its_new_time(self, world, alice):
        post = factories.post(world.alice, "Salt", state=PostState.SCHEDULED, publish_at=NOW + DAY)
        database.session.commit()
        alice.visit(f"/posts/{post.id}/edit")
        alice.press("Schedule anew", publish_at="2026-11-27T10:00")
        assert (only_post().state, only_post().publish_at) == (
            PostState.SCHEDULED,
            datetime(2026, 11, 27, 10, tzinfo=UTC),
        )

    @pytest.mark.parametrize(
        "at",
        [
            *("", "x", "2026-11-25T09:40", "2020-01-01T00:00", "0001-01-01T00:00", "9999-12-31T23:59"),
            *("2026-13-01T00:00", "2026-11-30T25:00", "2026-12-31T23:59:60", "NaN", "\x00", "1" * 5000),
        ],
    )
    def test_a_time_that_cannot_be_is_a_422_and_nothing_is_written(self, world, alice, at):
        world.alice.zone = (
            "Pacific/Niue" if at.startswith("9999") else "Pacific/Kiritimati"
        )  # beyond either end of time
        answer = send(alice, "/write/new", title="Salt", body="x", publish_at=at, action="schedule")
        assert answer.status_code == 422
        assert 'id="publish_at-error"' in answer.text
        assert database.session.scalars(select(Post)).all() == []


class TestShelves:
    def test_an_author_without_posts_gets_one_button(self, alice):
        page = alice.visit("/write")
        assert [link["href"] for link in page.soup.select("main a.button")] == ["/write/new"]
        assert "New post" in page.text

    def test_every_state_has_its_shelf(self, world, alice):
        for state in PostState:
            factories.post(world.alice, f"A {state.value} one", state=state, published_at=NOW, publish_at=NOW + DAY)
        database.session.commit()
        page = alice.visit("/write")
        shelves = {
            section.h2.text: [" ".join(title.text.split()) for title in section.select("h3")]
            for section in page.soup.select("main section")
        }
        assert shelves == {
            "Scheduled": ["A scheduled one"],
            "Drafts": ["A draft one"],
            "Published": ["A published one"],
            "Trash": ["A trashed one"],
        }

    def test_the_trash_is_undone_by_one_press(self, world, alice):
        factories.post(world.alice, "Salt", slug="salt", published_at=NOW)
        database.session.commit()
        alice.visit("/write")
        page = alice.press("Move to trash")
        assert "“Salt” is in the trash." in page.text
        assert alice.client.get("/posts/salt").status_code == 404
        alice.visit("/archive")
        alice.visit("/write")
        page = alice.press("Restore")
        assert "“Salt” is back, and public again." in page.text
        assert alice.client.get("/posts/salt").status_code == 200

    def test_unpublishing_is_undone_by_one_press(self, world, alice):
        factories.post(world.alice, "Salt", slug="salt", published_at=NOW - DAY)
        database.session.commit()
        alice.visit("/write")
        page = alice.press("Unpublish")
        assert "It is a draft again. Nobody else can read it." in page.text
        page = alice.press("Undo")
        assert page.path == "/posts/salt"
        assert only_post().published_at == NOW - DAY

    def test_an_empty_draft_is_not_published_by_hand_either(self, world, alice):
        post = factories.post(world.alice, "Salt", body="")
        database.session.commit()
        answer = send(alice, f"/posts/{post.id}/publication")
        assert answer.status_code == 303
        assert "Write something before it is published." in alice.visit(answer.location).text
        assert only_post().state is PostState.DRAFT


class TestFindingOnesOwn:
    @pytest.fixture
    def many(self, world):
        for number in range(60):
            factories.post(world.alice, f"Old {number}", published_at=NOW - number * DAY)
        factories.post(world.alice, "A draft about 100% salt")
        factories.post(world.carol, "Not hers", published_at=NOW)
        database.session.commit()

    def test_the_list_turns_pages_and_leaves_nothing_out(self, alice, many):
        first = alice.visit("/write")
        assert "A draft about 100% salt" in first.text
        second = alice.visit(first.soup.select_one(".pager a[rel=next]")["href"])
        titles = [each.get_text() for page in (first, second) for each in page.soup.select("#published ~ ol h3, h3 a")]
        assert {f"Old {number}" for number in range(60)} <= set(titles)
        assert "Not hers" not in titles
        assert "A draft" not in second.text, "drafts stand on the first page"

    def test_a_post_is_found_by_words_of_its_title(self, alice, many):
        assert [each.get_text() for each in alice.visit("/write?q=OLD 5").soup.select("h3 a")] == [
            "Old 5",
            *(f"Old {number}" for number in range(50, 60)),
        ]
        assert [each.get_text() for each in alice.visit("/write?q=100%25").soup.select("h3 a")] == [
            "A draft about 100% salt"
        ]
        assert "No title here holds “nowhere”." in alice.visit("/write?q=nowhere").text

    @pytest.mark.parametrize("asked", ["q=%00", "q=" + "x" * 5000, "q=%25%5F%5C", "before=nonsense"])
    def test_what_is_odd_is_answered(self, alice, many, asked):
        assert alice.client.get(f"/write?{asked}").status_code in {200, 400}
