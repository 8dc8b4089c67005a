"""Lists come in pages, and odd wishes are refused before they cost anything."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import event

from tests import factories
from tests.factories import INSTALLED_AT


def links(answer) -> dict[str, str]:
    """The Link header, as a path for each relation."""
    found = re.findall(r'<http://localhost/api/v1([^>]*)>; rel="(\w+)"', answer.headers["Link"])
    return {name: path for path, name in found}


def test_following_next_meets_every_item_once(world, program):
    for number in range(7):
        factories.post(world.alice, f"Post {number}", published_at=INSTALLED_AT)
    call = program(world.bob)
    answer = call("GET", "/posts?limit=3")
    seen = [item["id"] for item in answer.get_json()["items"]]
    assert "prev" not in links(answer)
    while "next" in links(answer):
        answer = call("GET", links(answer)["next"])
        assert answer.get_json()["total"] == 7
        seen += [item["id"] for item in answer.get_json()["items"]]
    assert len(seen) == len(set(seen)) == 7
    assert links(answer)["first"] == "/posts?page=1&limit=3"
    assert links(answer)["prev"] == "/posts?page=2&limit=3"


def test_links_keep_the_filter(world, program):
    for _ in range(3):
        factories.post(world.alice)
    answer = program(world.alice)("GET", "/posts?state=draft&limit=1")
    assert "state=draft" in links(answer)["next"]


def test_a_list_has_twenty_items_unless_asked(world, program):
    for _ in range(21):
        factories.reminder(world.bob)
    answer = program(world.bob)("GET", "/reminders").get_json()
    assert (len(answer["items"]), answer["total"]) == (20, 21)


def test_a_page_past_the_end_is_empty(world, program):
    factories.reminder(world.bob)
    answer = program(world.bob)("GET", "/reminders?page=9")
    assert answer.get_json() == {"items": [], "total": 1}
    assert links(answer)["prev"] == "/reminders?page=1&limit=20"


def test_a_list_of_posts_costs_the_same_whatever_its_length(world, program, db):
    def statements(call) -> int:
        seen = []

        def note(*_):
            seen.append(1)

        event.listen(db.engine, "before_cursor_execute", note)
        assert call("GET", "/posts").status_code == 200
        event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    call = program(world.alice)
    factories.post(world.alice, published_at=INSTALLED_AT, tags=("one",))
    few = statements(call)
    for number in range(10):
        factories.post(factories.person(), published_at=INSTALLED_AT, tags=(f"tag {number}",))
    assert statements(call) == few


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=9223372036854775808", "page"),
        (f"page={'9' * 5000}", "page"),
        ("page=1.5", "page"),
        ("page=1e3", "page"),
        ("page=0x10", "page"),
        ("page=1_0", "page"),
        ("page=%201", "page"),
        ("page=%D9%A1", "page"),
        ("page=%00", "page"),
        ("page=", "page"),
        ("page=NaN", "page"),
        ("page=100001", "page"),
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=101", "limit"),
        ("limit=9223372036854775808", "limit"),
        ("limit=all", "limit"),
        ("cursor=abc", "cursor"),
        ("sort=password_hash", "sort"),
        ("person_id=1", "person_id"),
    ],
)
def test_an_odd_wish_is_refused(world, program, query, field):
    call = program(world.olive)
    for path in ("/posts", "/reminders", "/subscriptions"):
        call.refused(call("GET", f"{path}?{query}"), 422, field)


@pytest.mark.parametrize("state", ["DRAFT", "deleted", "%25", "draft%27--", ""])
def test_an_unknown_state_is_refused(world, program, state):
    call = program(world.alice)
    call.refused(call("GET", f"/posts?state={state}"), 422, "state")


@pytest.mark.parametrize(
    "number", ["0", "-1", str(2**63 - 1), str(2**63), "9" * 5000, "1.0", "abc", "%00", "1%20", "null"]
)
def test_an_id_that_cannot_be_is_not_found(world, program, number):
    call = program(world.alice)
    for path in ("posts", "reminders", "subscriptions"):
        call.refused(call("GET", f"/{path}/{number}"), 404)
