"""Posts by a program: what it may read, what it may write, and that nobody's work is overwritten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import factories
from tests.factories import INSTALLED_AT
from webapp.accounts.models import Role
from webapp.core import clock
from webapp.extensions import db
from webapp.posts.models import Post, PostState


def test_a_new_post_is_a_draft_with_everything_said_about_it(world, program):
    call = program(world.alice)
    answer = call("POST", "/posts", {"title": "First frost", "body": "In the *cellar*.", "tags": ["Garden", "frost"]})
    assert answer.status_code == 201
    post = answer.get_json()
    assert answer.headers["Location"] == post["url"] == f"http://localhost/api/v1/posts/{post['id']}"
    assert post["title"] == "First frost"
    assert post["slug"] == "first-frost"
    assert post["body"] == "In the *cellar*."
    assert post["html"] == "<p>In the <em>cellar</em>.</p>\n"
    assert post["excerpt"] == "In the cellar."
    assert sorted(post["tags"]) == ["Garden", "frost"]
    assert post["author"] == {"name": "Alice", "handle": "alice"}
    assert (post["state"], post["publish_at"], post["published_at"]) == ("draft", None, None)
    assert post["created_at"].endswith("Z")
    assert call("GET", f"/posts/{post['id']}").get_json() == post


def test_a_post_can_be_published_as_it_is_written(world, program, client):
    post = program(world.alice)("POST", "/posts", {"title": "Now", "body": "B", "state": "published"}).get_json()
    assert post["state"] == "published"
    assert post["published_at"] is not None
    assert client.get(f"/posts/{post['slug']}").status_code == 200


@pytest.mark.parametrize("state", ["scheduled", "trashed", "", "Published"])
def test_a_post_cannot_be_written_into_another_state(world, program, state):
    call = program(world.alice)
    call.refused(call("POST", "/posts", {"title": "T", "body": "B", "state": state}), 422, "state")


def test_a_reader_writes_nothing_whatever_the_token_says(world, program):
    call = program(world.bob)
    call.refused(call("POST", "/posts", {"title": "T", "body": "B"}), 403)
    call.refused(call("POST", "/posts", {"title": "T", "body": "B", "state": "published"}), 403)
    assert db.session.query(Post).count() == 0


def test_an_author_who_becomes_a_reader_stops_writing(world, program):
    call = program(world.alice)
    world.alice.role = Role.READER
    call.refused(call("POST", "/posts", {"title": "T", "body": "B"}), 403)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "   "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\nb"}, "title"),
        ({"title": "a\u2028b"}, "title"),
        ({"body": "x" * 200_001}, "body"),
        ({"body": "", "state": "published"}, "body"),
        ({"slug": "!!!"}, "slug"),
        ({"tags": [f"tag {number}" for number in range(11)]}, "tags"),
        ({"tags": [f"tag {number}" for number in range(100)]}, "tags"),
        ({"tags": ["x" * 51]}, "tags"),
    ],
)
def test_what_a_rule_refuses_names_its_field(world, program, change, field):
    call = program(world.alice)
    call.refused(call("POST", "/posts", {"title": "T", "body": "B"} | change), 422, field)


def test_an_address_that_is_taken_is_refused(world, program):
    call = program(world.alice)
    call("POST", "/posts", {"title": "One", "body": "B", "slug": "frost"})
    call.refused(call("POST", "/posts", {"title": "Two", "body": "B", "slug": "frost"}), 422, "slug")


def test_a_list_shows_what_is_published_and_what_is_ones_own(world, program):
    shown = factories.post(world.alice, published_at=INSTALLED_AT)
    draft = factories.post(world.alice)
    factories.post(world.alice, state=PostState.TRASHED)
    assert {each["id"] for each in program(world.alice)("GET", "/posts").get_json()["items"]} == {shown.id, draft.id}
    others = program(world.bob)("GET", "/posts").get_json()
    assert [each["id"] for each in others["items"]] == [shown.id]
    assert others["total"] == 1
    drafts = program(world.alice)("GET", "/posts?state=draft").get_json()
    assert [each["id"] for each in drafts["items"]] == [draft.id]
    assert program(world.bob)("GET", "/posts?state=draft").get_json() == {"items": [], "total": 0}


def test_another_persons_draft_does_not_exist(world, program):
    draft = factories.post(world.alice)
    dora = factories.person("Dora", role=Role.AUTHOR)
    for person in (world.bob, dora):
        call = program(person)
        call.refused(call("GET", f"/posts/{draft.id}"), 404)
    call = program(dora)
    call.refused(call("PATCH", f"/posts/{draft.id}", {"title": "Mine"}), 404)
    call.refused(call("DELETE", f"/posts/{draft.id}"), 404)
    call.refused(call("PUT", f"/posts/{draft.id}/publication"), 404)


def test_another_persons_published_post_can_be_read_and_no_more(world, program):
    post = factories.post(world.alice, published_at=INSTALLED_AT)
    call = program(factories.person("Dora", role=Role.AUTHOR))
    assert call("GET", f"/posts/{post.id}").status_code == 200
    call.refused(call("PATCH", f"/posts/{post.id}", {"title": "Mine"}), 404)
    call.refused(call("DELETE", f"/posts/{post.id}"), 404)
    call.refused(call("DELETE", f"/posts/{post.id}/publication"), 404)


def test_a_change_leaves_the_rest_as_it_was(world, program):
    call = program(world.alice)
    before = call("POST", "/posts", {"title": "T", "body": "B", "tags": ["garden"]}).get_json()
    after = call("PATCH", f"/posts/{before['id']}", {"body": "C"}).get_json()
    assert (after["title"], after["body"], after["tags"], after["slug"]) == ("T", "C", ["garden"], before["slug"])
    assert after["html"] == "<p>C</p>\n"


def test_an_empty_change_changes_nothing(world, program):
    call = program(world.alice)
    before = call("POST", "/posts", {"title": "T", "body": "B"}).get_json()
    assert call("PATCH", f"/posts/{before['id']}", {}).get_json() == before


@pytest.mark.parametrize("name", ["state", "version", "author", "published_at", "html", "role", "person_id"])
def test_a_change_reaches_only_what_is_open_to_it(world, program, name):
    call = program(world.alice)
    post = call("POST", "/posts", {"title": "T", "body": "B"}).get_json()
    call.refused(call("PATCH", f"/posts/{post['id']}", {name: "published"}), 422, name)


def test_script_in_a_body_comes_out_inert(world, program):
    body = "<script>alert(1)</script> [x](javascript:alert(1))"
    html = program(world.alice)("POST", "/posts", {"title": "T", "body": body}).get_json()["html"]
    assert "<script" not in html
    assert 'href="javascript' not in html


def test_deleting_moves_to_the_trash(world, program):
    post = factories.post(world.alice, published_at=INSTALLED_AT)
    call = program(world.alice)
    answer = call("DELETE", f"/posts/{post.id}")
    assert (answer.status_code, answer.data) == (204, b"")
    call.refused(call("GET", f"/posts/{post.id}"), 404)
    call.refused(call("DELETE", f"/posts/{post.id}"), 404)
    assert db.session.get(Post, post.id).state is PostState.TRASHED


# Publication


def test_a_draft_is_published_at_once_without_a_time(world, program):
    draft = factories.post(world.alice)
    call = program(world.alice)
    answer = call("PUT", f"/posts/{draft.id}/publication")
    assert answer.status_code == 200
    assert answer.get_json()["state"] == "published"
    again = call("PUT", f"/posts/{draft.id}/publication", {}).get_json()
    assert again["published_at"] == answer.get_json()["published_at"]


def test_a_draft_is_scheduled_with_a_time_and_taken_back(world, program):
    draft = factories.post(world.alice)
    call = program(world.alice)
    at = clock.now().replace(microsecond=0) + timedelta(days=2)
    post = call("PUT", f"/posts/{draft.id}/publication", {"publish_at": at.isoformat()}).get_json()
    assert (post["state"], post["published_at"]) == ("scheduled", None)
    assert post["publish_at"] == at.isoformat().replace("+00:00", "Z")
    assert call("DELETE", f"/posts/{draft.id}/publication").status_code == 204
    post = call("GET", f"/posts/{draft.id}").get_json()
    assert (post["state"], post["publish_at"]) == ("draft", None)


@pytest.mark.parametrize(
    "publish_at",
    [
        "2020-01-01T00:00:00Z",
        "2099-01-01T00:00:00Z",
        "2030-01-01T00:00:00",
        "2030-01-01",
        "2030-02-30T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "10000-01-01T00:00:00Z",
        "2030-12-31T23:59:60Z",
        "2030-12-31T24:00:00Z",
        "tomorrow",
        "NaN",
        "",
        "9" * 100_000,
        1893456000,
        None,
        ["2030-01-01T00:00:00Z"],
    ],
)
def test_a_time_of_publication_that_cannot_be_is_refused(world, program, publish_at):
    draft = factories.post(world.alice)
    call = program(world.alice)
    call.refused(call("PUT", f"/posts/{draft.id}/publication", {"publish_at": publish_at}), 422, "publish_at")
    assert call("GET", f"/posts/{draft.id}").get_json()["state"] == "draft"


# Lost updates


def test_a_change_after_somebody_elses_is_refused(world, program):
    call = program(world.alice)
    made = call("POST", "/posts", {"title": "T", "body": "B"})
    path, seen = f"/posts/{made.get_json()['id']}", made.headers["ETag"]
    assert not seen.startswith("W/")
    changed = call("PATCH", path, {"title": "U"}, if_match=seen)
    assert changed.status_code == 200
    call.refused(call("PATCH", path, {"title": "V"}, if_match=seen), 412)
    call.refused(call("DELETE", path, if_match=seen), 412)
    call.refused(call("PUT", f"{path}/publication", if_match=seen), 412)
    call.refused(call("DELETE", f"{path}/publication", if_match=seen), 412)
    assert call("GET", path).get_json()["title"] == "U"
    assert call("DELETE", path, if_match=changed.headers["ETag"]).status_code == 204


@pytest.mark.parametrize("sent", ["", "junk", '""', 'W/"{tag}"', ",,,", '"a", "b"'])
def test_an_if_match_that_does_not_name_the_present_changes_nothing(world, program, sent):
    call = program(world.alice)
    made = call("POST", "/posts", {"title": "T", "body": "B"})
    tag = made.headers["ETag"].strip('"')
    path = f"/posts/{made.get_json()['id']}"
    call.refused(call("PATCH", path, {"title": "U"}, if_match=sent.format(tag=tag)), 412)


def test_if_match_takes_a_list_or_whatever_is_there(world, program):
    call = program(world.alice)
    made = call("POST", "/posts", {"title": "T", "body": "B"})
    path = f"/posts/{made.get_json()['id']}"
    assert call("PATCH", path, {"title": "U"}, if_match=f'"a", {made.headers["ETag"]}').status_code == 200
    assert call("PATCH", path, {"title": "V"}, if_match="*").status_code == 200


def test_a_change_of_tags_alone_is_a_new_version(world, program):
    call = program(world.alice)
    made = call("POST", "/posts", {"title": "T", "body": "B"})
    path = f"/posts/{made.get_json()['id']}"
    call("PATCH", path, {"tags": ["garden"]})
    call.refused(call("PATCH", path, {"title": "U"}, if_match=made.headers["ETag"]), 412)


def test_what_has_not_changed_is_not_sent_again(world, program):
    post = factories.post(world.alice, published_at=INSTALLED_AT)
    call = program(world.bob)
    tag = call("GET", f"/posts/{post.id}").headers["ETag"]
    again = call("GET", f"/posts/{post.id}", if_none_match=tag)
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    program(world.alice)("PATCH", f"/posts/{post.id}", {"title": "New"})
    assert call("GET", f"/posts/{post.id}", if_none_match=tag).status_code == 200
