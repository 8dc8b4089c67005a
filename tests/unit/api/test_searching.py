"""Searching by a program."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import factories
from tests.factories import INSTALLED_AT
from tests.unit.api.test_paging import links
from webapp.extensions import db


@pytest.fixture
def frosts(world):
    """Three published posts about frost, the third by its title, and one that nobody but its author may read."""
    for number in range(2):
        text = "<p>Other words, and then frost.</p>"
        factories.post(world.alice, f"Post {number}", html=text, published_at=INSTALLED_AT + timedelta(hours=number))
    factories.post(world.alice, "Frost", html="<p>Other words.</p>", published_at=INSTALLED_AT)
    factories.post(world.alice, "Thaw", published_at=INSTALLED_AT)
    factories.post(world.alice, "A draft about frost")
    db.session.commit()


def titles(answer):
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.get_json()["items"]]


def test_it_finds_published_posts_the_best_first(world, program, frosts):
    for person in (world.alice, world.bob):
        answer = program(person)("GET", "/posts?q=frost")
        assert titles(answer) == ["Frost", "Post 1", "Post 0"]
        assert answer.get_json()["total"] == 3
    assert titles(program(world.bob)("GET", "/posts?q=frost&state=published")) == ["Frost", "Post 1", "Post 0"]


def test_pages_keep_the_question(world, program, frosts):
    call = program(world.bob)
    first = call("GET", "/posts?q=fros&limit=2")
    assert links(first)["next"] == "/posts?page=2&limit=2&q=fros"
    assert titles(first) + titles(call("GET", links(first)["next"])) == ["Frost", "Post 1", "Post 0"]
    beyond = call("GET", "/posts?q=fros&limit=2&page=100000")
    assert (titles(beyond), beyond.get_json()["total"], links(beyond)["last"]) == (
        [],
        3,
        "/posts?page=2&limit=2&q=fros",
    )


def test_what_holds_no_word_finds_nothing(world, program, frosts):
    call = program(world.bob)
    for question in ("platypus", "", "*", '"', "!", "AND OR"):
        answer = call("GET", f"/posts?q={question}")
        assert (titles(answer), answer.get_json()["total"]) == ([], 0), question


def test_only_what_is_published_can_be_searched(world, program, frosts):
    call = program(world.alice)
    call.refused(call("GET", "/posts?q=frost&state=draft"), 422, "state")
    call.refused(call("GET", f"/posts?q={'x' * 201}"), 422, "q")
    call.refused(call("GET", "/posts?q=%00"), 422, "q")


def test_a_search_needs_the_scope_that_reading_needs(world, program):
    call = program(world.bob)
    call.token = "wrong"
    call.refused(call("GET", "/posts?q=frost"), 401)
