"""What belongs to a post besides its words, by a program: pictures, revisions, authors, preview links, the review."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import Image as Pillow

from tests import factories
from tests.factories import INSTALLED_AT
from webapp.accounts.models import Role
from webapp.core import clock
from webapp.extensions import db
from webapp.images import storage
from webapp.images.storage.folder import Folder
from webapp.mail.models import Delivery


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder of its own for the pictures of a test."""
    folder = Folder(tmp_path)
    monkeypatch.setattr(storage, "here", lambda: folder)


@pytest.fixture
def call(world, program):
    return program(world.alice)


@pytest.fixture
def draft(world):
    return factories.post(world.alice, "Salt", body="Three kinds.", slug="salt")


@pytest.fixture
def edith(world):
    return factories.person("Edith", role=Role.EDITOR)


def png() -> bytes:
    stream = io.BytesIO()
    Pillow.new("RGB", (90, 60), (200, 30, 30)).save(stream, "PNG")
    return stream.getvalue()


def send(call, path="/images?name=frost.png&alt=Frost", body=None, content_type="image/png"):
    return call.raw(path, png() if body is None else body, content_type)


class TestPictures:
    def test_a_picture_is_sent_described_and_shown(self, call, client):
        answer = send(call)
        assert answer.status_code == 201, answer.text
        image = answer.get_json()
        assert answer.headers["Location"] == image["url"] == f"http://localhost/api/v1/images/{image['id']}"
        assert (image["alt"], image["width"], image["height"]) == ("Frost", 90, 60)
        assert client.get(image["src"]).mimetype == "image/png"
        assert image["src"].endswith("/frost.png")
        assert image["markdown"] == f"![Frost]({image['src'].removeprefix('http://localhost')})"
        changed = call("PATCH", f"/images/{image['id']}", {"alt": "Frost on a leaf"}).get_json()
        assert changed["alt"] == "Frost on a leaf"
        assert call("GET", "/images").get_json() == {"items": [changed], "total": 1}

    def test_what_is_no_picture_is_refused(self, call):
        call.refused(send(call, body=b"no picture at all"), 422, "file")
        call.refused(send(call, content_type="application/json"), 415)
        call.refused(send(call, body=b""), 422, "file")

    def test_one_that_is_too_large_is_refused(self, call, app, monkeypatch):
        monkeypatch.setattr("webapp.images.operations.limit_in_bytes", lambda: 100)
        call.refused(send(call, body=png() + b"\0" * 5000), 413)

    def test_anothers_picture_does_not_exist(self, call, program, world, edith):
        image = send(call).get_json()
        other = program(edith)
        for method, body in (("GET", None), ("PATCH", {"alt": "x"}), ("DELETE", None)):
            other.refused(other(method, f"/images/{image['id']}", body), 404)
        assert other("GET", "/images").get_json()["total"] == 0

    def test_a_reader_sends_none(self, program, world):
        reader = program(world.bob)
        reader.refused(send(reader), 403)

    def test_it_stands_at_the_head_of_a_post_and_then_cannot_be_deleted(self, call, client):
        image = send(call).get_json()
        post = call("POST", "/posts", {"title": "T", "body": "B", "cover_id": image["id"], "state": "published"})
        assert post.get_json()["cover"] == image
        shown = call("GET", f"/posts/{post.get_json()['id']}")
        assert shown.get_json()["cover"]["src"] == image["src"]
        assert call("GET", "/posts").get_json()["items"][0]["cover"] == image
        assert call("GET", "/posts?q=B").get_json()["items"][0]["cover"] == image
        assert image["src"].removeprefix("http://localhost") in client.get(f"/posts/{post.get_json()['slug']}").text
        assert call("DELETE", f"/images/{image['id']}").status_code == 422
        bare = call("PATCH", f"/posts/{post.get_json()['id']}", {"cover_id": None}).get_json()
        assert bare["cover"] is None
        assert call("DELETE", f"/images/{image['id']}").status_code == 204

    def test_anothers_picture_stands_at_no_head_of_mine(self, call, program, edith):
        image = send(program(edith)).get_json()
        call.refused(call("POST", "/posts", {"title": "T", "body": "B", "cover_id": image["id"]}), 422, "cover_id")
        call.refused(call("POST", "/posts", {"title": "T", "body": "B", "cover_id": 0}), 422, "cover_id")

    def test_a_new_cover_is_a_change_of_the_post(self, call, draft):
        before = call("GET", f"/posts/{draft.id}").headers["ETag"]
        call("PATCH", f"/posts/{draft.id}", {"cover_id": send(call).get_json()["id"]})
        call.refused(call("PATCH", f"/posts/{draft.id}", {"title": "Old"}, if_match=before), 412)


class TestRevisions:
    @pytest.fixture
    def changed(self, call, draft):
        call("PATCH", f"/posts/{draft.id}", {"title": "Sea salt", "body": "Four.", "tags": ["sea"]})
        return f"/posts/{draft.id}/revisions"

    def test_they_are_listed_and_read(self, call, changed):
        found = call("GET", changed).get_json()
        assert [(each["number"], each["title"], each["by"]["handle"]) for each in found["items"]] == [
            (2, "Sea salt", "alice"),
            (1, "Salt", "alice"),
        ]
        first = call("GET", found["items"][1]["url"].removeprefix("http://localhost/api/v1")).get_json()
        assert (first["body"], first["tags"], first["reason"]) == ("Three kinds.", [], "saved")

    def test_a_post_goes_back_and_keeps_what_it_said(self, call, changed):
        answer = call("POST", f"{changed}/1/restoration")
        assert (answer.get_json()["title"], answer.get_json()["body"]) == ("Salt", "Three kinds.")
        found = call("GET", changed).get_json()["items"]
        assert [(each["number"], each["reason"]) for each in found] == [(3, "restored"), (2, "saved"), (1, "saved")]

    def test_what_has_changed_meanwhile_is_not_overwritten(self, call, changed):
        call.refused(call("POST", f"{changed}/1/restoration", if_match='"old"'), 412)

    def test_one_that_there_never_was_does_not_exist(self, call, changed):
        for path in (f"{changed}/3", f"{changed}/{2**63 - 1}"):
            call.refused(call("GET", path), 404)
        call.refused(call("POST", f"{changed}/3/restoration"), 404)

    def test_nobody_reads_those_of_another(self, changed, program, world):
        other = program(factories.person("Mira", role=Role.AUTHOR))
        for path in (changed, f"{changed}/1"):
            other.refused(other("GET", path), 404)
        other.refused(other("POST", f"{changed}/1/restoration"), 404)


class TestAuthors:
    @pytest.fixture
    def mira(self, world):
        return factories.person("Mira", role=Role.AUTHOR)

    def test_an_author_is_asked_and_leaves(self, call, draft, mira, program):
        answer = call("PUT", f"/posts/{draft.id}/authors/mira")
        assert [each["handle"] for each in answer.get_json()["authors"]] == ["alice", "mira"]
        assert call("PUT", f"/posts/{draft.id}/authors/mira").status_code == 200
        theirs = program(mira)
        assert theirs("PATCH", f"/posts/{draft.id}", {"body": "Together."}).status_code == 200
        assert theirs("DELETE", f"/posts/{draft.id}/authors/mira").status_code == 204
        theirs.refused(theirs("PATCH", f"/posts/{draft.id}", {"body": "Alone."}), 404)
        call.refused(call("DELETE", f"/posts/{draft.id}/authors/mira"), 404)

    def test_nobody_but_its_author_chooses_who_writes(self, call, draft, mira, program, world):
        call("PUT", f"/posts/{draft.id}/authors/mira")
        world.carol.role = Role.AUTHOR
        theirs = program(mira)
        theirs.refused(theirs("PUT", f"/posts/{draft.id}/authors/carol"), 404)
        theirs.refused(theirs("DELETE", f"/posts/{draft.id}/authors/alice"), 404)

    def test_a_reader_and_nobody_are_told_apart_by_nobody(self, call, draft):
        said = [call.refused(call("PUT", f"/posts/{draft.id}/authors/{who}"), 422, "who") for who in ("bob", "nobody")]
        assert said[0]["detail"] == said[1]["detail"]


class TestPreviews:
    def test_a_link_is_made_followed_listed_and_revoked(self, call, draft, client):
        answer = call("POST", f"/posts/{draft.id}/previews", {"days": 1})
        link = answer.get_json()
        assert answer.status_code == 201
        assert "Three kinds." in client.get(link["address"]).text
        (listed,) = call("GET", f"/posts/{draft.id}/previews").get_json()["items"]
        assert listed == {name: link[name] for name in ("id", "created_at", "expires_at")}
        assert call("DELETE", f"/posts/{draft.id}/previews/{link['id']}").status_code == 204
        assert client.get(link["address"]).status_code == 404
        call.refused(call("DELETE", f"/posts/{draft.id}/previews/{link['id']}"), 404)

    def test_it_works_for_a_week_unless_asked_otherwise(self, call, draft):
        link = call("POST", f"/posts/{draft.id}/previews").get_json()
        assert link["expires_at"] > (clock.now() + timedelta(days=6)).isoformat()
        call.refused(call("POST", f"/posts/{draft.id}/previews", {"days": 2}), 422, "days")


class TestReview:
    def test_a_draft_is_asked_about_and_approved(self, call, draft, edith, program, client):
        waiting = call("PUT", f"/posts/{draft.id}/review", {"note": "Is the end too long?"}).get_json()
        assert waiting["review"] == "waiting"
        editor = program(edith)
        changes = editor("POST", f"/posts/{draft.id}/review", {"verdict": "changes", "note": "End with the sea."})
        assert changes.get_json()["review"] == "changes"
        call("PUT", f"/posts/{draft.id}/review")
        approved = editor("POST", f"/posts/{draft.id}/review", {"verdict": "approved"}).get_json()
        assert (approved["review"], approved["state"]) == ("approved", "published")
        steps = call("GET", f"/posts/{draft.id}/review").get_json()["items"]
        assert [(each["step"], each["by"]["handle"], each["note"]) for each in reversed(steps)] == [
            ("submitted", "alice", "Is the end too long?"),
            ("changes", "edith", "End with the sea."),
            ("submitted", "alice", ""),
            ("approved", "edith", ""),
        ]
        assert client.get("/posts/salt").status_code == 200
        assert {row.kind for row in db.session.query(Delivery)} == {"review"}

    def test_it_is_approved_for_a_time(self, call, draft, edith, program):
        call("PUT", f"/posts/{draft.id}/review")
        later = {"verdict": "approved", "publish_at": "2031-03-01T07:00:00+08:00"}
        post = program(edith)("POST", f"/posts/{draft.id}/review", later).get_json()
        assert (post["state"], post["publish_at"]) == ("scheduled", "2031-02-28T23:00:00Z")

    def test_changes_need_a_word(self, call, draft, edith, program):
        call("PUT", f"/posts/{draft.id}/review")
        editor = program(edith)
        editor.refused(editor("POST", f"/posts/{draft.id}/review", {"verdict": "changes"}), 422, "note")

    def test_an_author_answers_for_no_editor(self, call, draft):
        call("PUT", f"/posts/{draft.id}/review")
        call.refused(call("POST", f"/posts/{draft.id}/review", {"verdict": "approved"}), 403)
        assert call("DELETE", f"/posts/{draft.id}/review").status_code == 204
        assert call("GET", f"/posts/{draft.id}").get_json()["review"] is None


class TestTrash:
    def test_what_is_in_the_trash_is_listed_when_asked_for_and_comes_back(self, call, world, program):
        post = factories.post(world.alice, published_at=INSTALLED_AT)
        call("DELETE", f"/posts/{post.id}")
        assert call("GET", "/posts").get_json()["total"] == 0
        (listed,) = call("GET", "/posts?state=trashed").get_json()["items"]
        assert listed["id"] == post.id
        other = program(factories.person("Mira", role=Role.AUTHOR))
        assert other("GET", "/posts?state=trashed").get_json()["total"] == 0
        other.refused(other("POST", f"/posts/{post.id}/restoration"), 404)
        assert call("POST", f"/posts/{post.id}/restoration").get_json()["state"] == "published"
        call.refused(call("POST", f"/posts/{post.id}/restoration"), 404)
