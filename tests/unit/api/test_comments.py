"""Comments by API."""

from datetime import timedelta

import pytest

from tests import factories
from tests.factories import INSTALLED_AT
from webapp.accounts.models import Scope
from webapp.comments.models import CommentState
from webapp.extensions import db as database
from webapp.posts.models import PostState
from webapp.settings.models import SiteSetting


@pytest.fixture
def post(world):
    made = factories.post(world.alice, "First frost", published_at=INSTALLED_AT)
    database.session.commit()
    return made


@pytest.fixture
def bob(program, world):
    return program(world.bob)


def test_one_says_something_and_everyone_reads_it(bob, program, world, post):
    made = bob("POST", f"/posts/{post.id}/comments", {"body": "A *fine* frost."})
    assert made.status_code == 201
    shown = made.get_json()
    assert shown["html"] == "<p>A <em>fine</em> frost.</p>\n"
    assert (shown["state"], shown["post_id"], shown["parent_id"]) == ("published", post.id, None)
    assert shown["author"] == {"name": "Bob", "handle": "bob"}
    assert made.headers["Location"] == shown["url"] == f"http://localhost/api/v1/comments/{shown['id']}"
    listed = program(world.carol)("GET", f"/posts/{post.id}/comments").get_json()
    assert listed == {"items": [shown], "total": 1}


def test_a_reply_names_what_it_answers(bob, world, post):
    first = factories.comment(post, world.carol)
    made = bob("POST", f"/posts/{post.id}/comments", {"body": "Yes.", "parent_id": first.id})
    assert made.get_json()["parent_id"] == first.id


def test_a_visitors_address_is_never_shown(bob, post):
    factories.comment(post)
    item = bob("GET", f"/posts/{post.id}/comments").get_json()["items"][0]
    assert item["author"] == {"name": "Tomas", "handle": None}
    assert "tomas@example.org" not in str(item)


def test_pages_are_linked(bob, world, post):
    for number in range(5):
        factories.comment(post, world.bob, f"Number {number}", created_at=INSTALLED_AT + timedelta(minutes=number))
    answer = bob("GET", f"/posts/{post.id}/comments?limit=2&page=2")
    assert [item["body"] for item in answer.get_json()["items"]] == ["Number 2", "Number 3"]
    assert answer.get_json()["total"] == 5
    assert f'<http://localhost/api/v1/posts/{post.id}/comments?page=3&limit=2>; rel="next"' in answer.headers["Link"]


def test_only_published_comments_are_listed_and_counted(bob, world, post):
    for state in CommentState:
        factories.comment(post, world.carol, str(state), state=state)
    assert bob("GET", f"/posts/{post.id}/comments").get_json()["total"] == 1


def test_what_waits_is_read_by_its_writer_alone(bob, program, world, post):
    database.session.add(SiteSetting(name="comments", value={"members": "read-first"}))
    made = bob("POST", f"/posts/{post.id}/comments", {"body": "Patience."}).get_json()
    assert made["state"] == "pending"
    assert bob("GET", f"/comments/{made['id']}").status_code == 200
    program(world.carol).refused(program(world.carol)("GET", f"/comments/{made['id']}"), 404)
    assert bob("GET", f"/posts/{post.id}/comments").get_json()["total"] == 0


@pytest.mark.parametrize("state", [PostState.DRAFT, PostState.SCHEDULED, PostState.TRASHED])
def test_the_comments_of_a_hidden_post_do_not_exist_even_for_its_author(program, world, post, state):
    comment = factories.comment(post, world.alice)
    post.state = state
    alice = program(world.alice)
    alice.refused(alice("GET", f"/posts/{post.id}/comments"), 404)
    alice.refused(alice("POST", f"/posts/{post.id}/comments", {"body": "x"}), 404)
    for method in ("GET", "DELETE"):
        alice.refused(alice(method, f"/comments/{comment.id}"), 404)


def test_ones_own_words_change_and_go(bob, world, post):
    made = bob("POST", f"/posts/{post.id}/comments", {"body": "Forst."})
    path = f"/comments/{made.get_json()['id']}"
    changed = bob("PATCH", path, {"body": "Frost."}, if_match=made.headers["ETag"])
    assert changed.get_json()["body"] == "Frost."
    assert changed.get_json()["edited_at"]
    bob.refused(bob("PATCH", path, {"body": "Lost."}, if_match=made.headers["ETag"]), 412)
    assert bob("DELETE", path).status_code == 204
    bob.refused(bob("GET", path), 404)
    bob.refused(bob("DELETE", path), 404)


def test_somebody_elses_words_do_not(bob, program, world, post):
    comment = factories.comment(post, world.carol)
    bob.refused(bob("PATCH", f"/comments/{comment.id}", {"body": "x"}), 404)
    bob.refused(bob("DELETE", f"/comments/{comment.id}"), 404)
    alice = program(world.alice)
    alice.refused(alice("PATCH", f"/comments/{comment.id}", {"body": "x"}), 404)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"body": ""}, "body"),
        ({"body": "   "}, "body"),
        ({"body": None}, "body"),
        ({"body": 1}, "body"),
        ({"body": "x" * 10_001}, "body"),
        ({"body": "a\0b"}, "body"),
        ({"body": "x", "parent_id": 999}, "parent_id"),
        ({"body": "x", "parent_id": "1"}, "parent_id"),
        ({"body": "x", "parent_id": True}, "parent_id"),
        ({"body": "x", "parent_id": -1}, "parent_id"),
        ({"body": "x", "state": "published"}, "state"),
        ({"body": "x", "person_id": 1}, "person_id"),
        ({"body": "x", "html": "<b>"}, "html"),
    ],
)
def test_what_does_not_fit_is_named(bob, post, body, field):
    bob.refused(bob("POST", f"/posts/{post.id}/comments", body), 422, field)


def test_a_comment_on_another_post_cannot_be_answered(bob, world, post):
    other = factories.post(world.alice, published_at=INSTALLED_AT)
    comment = factories.comment(other, world.carol)
    bob.refused(bob("POST", f"/posts/{post.id}/comments", {"body": "x", "parent_id": comment.id}), 422, "parent_id")


def test_closed_comments_take_nothing(bob, world, post):
    database.session.add(SiteSetting(name="comments", value={"close_after_days": 1}))
    bob.refused(bob("POST", f"/posts/{post.id}/comments", {"body": "x"}), 422, "body")


def test_whoever_has_not_confirmed_their_address_says_nothing(program, world, post):
    world.carol.email_confirmed_at = None
    carol = program(world.carol)
    carol.refused(carol("POST", f"/posts/{post.id}/comments", {"body": "x"}), 403)


def test_a_token_needs_its_scope(program, world, post):
    reading, writing = program(world.bob, Scope.COMMENTS_READ), program(world.bob, Scope.COMMENTS_WRITE)
    assert reading("GET", f"/posts/{post.id}/comments").status_code == 200
    reading.refused(reading("POST", f"/posts/{post.id}/comments", {"body": "x"}), 403)
    assert writing("POST", f"/posts/{post.id}/comments", {"body": "x"}).status_code == 201
    writing.refused(writing("GET", f"/posts/{post.id}/comments"), 403)
    posts = program(world.bob, Scope.POSTS_READ)
    posts.refused(posts("GET", f"/posts/{post.id}/comments"), 403)
