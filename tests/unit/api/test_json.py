"""What is not JSON as we take it is a 4xx with a reason, and nothing is written."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from webapp.extensions import db
from webapp.posts.models import Post

UNREADABLE = {
    "nothing like JSON": b"title=T",
    "cut off": b'{"title": "T", "bo',
    "a duplicate member": b'{"title": "T", "title": "U", "body": "B"}',
    "a duplicate member deep inside": b'{"title": "T", "body": "B", "tags": [{"a": 1, "a": 2}]}',
    "NaN": b'{"title": NaN, "body": "B"}',
    "Infinity": b'{"title": Infinity, "body": "B"}',
    "minus Infinity": b'{"title": -Infinity, "body": "B"}',
    "a float beyond all floats": b'{"title": 1e999, "body": "B"}',
    "an integer of 10,000 digits": b'{"title": ' + b"9" * 10_000 + b', "body": "B"}',
    "an integer of 2^63": b'{"title": 9223372036854775808, "body": "B"}',
    "arrays 10,000 deep": b'{"title": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "objects 10,000 deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "an open end 100,000 deep": b"[" * 100_000,
    "Latin-1": '{"title": "Café", "body": "B"}'.encode("latin-1"),
    "UTF-16": '{"title": "T", "body": "B"}'.encode("utf-16"),
    "an encoded surrogate": b'{"title": "\xed\xa0\x80", "body": "B"}',
    "a byte order mark": b'\xef\xbb\xbf{"title": "T", "body": "B"}',
    "a control character in a text": b'{"title": "a\x01b", "body": "B"}',
    "a comment": b'{"title": "T", /* no */ "body": "B"}',
    "a comma too many": b'{"title": "T", "body": "B",}',
    "two values": b'{"title": "T", "body": "B"} {}',
    "spaces alone": b"   ",
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_read_is_a_400(program, world, body):
    call = program(world.alice)
    call.refused(call.raw("/posts", body), 400)


@pytest.mark.parametrize("path", ["/posts", "/reminders", "/subscriptions"])
def test_a_body_that_is_no_object_is_a_422(program, world, path):
    call = program(world.alice)
    for body in (b"[]", b'"title"', b"1", b"null", b"true", b'[{"title": "T", "body": "B"}]'):
        answer = call.raw(path, body)
        assert answer.status_code == 422
        assert "body" in answer.get_json()["errors"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (rb'{"title": "a\ud800b", "body": "B"}', "title"),
        (rb'{"title": "a\u0000b", "body": "B"}', "title"),
        (rb'{"title": "T", "body": "a\u0000b"}', "body"),
        (rb'{"title": "T", "body": "a\udfffb"}', "body"),
        (rb'{"title": "T", "body": "B", "slug": "a\u0000"}', "slug"),
        (rb'{"title": "T", "body": "B", "tags": ["a\ud800"]}', "tags.0"),
        (b'{"title": ["T"], "body": "B"}', "title"),
        (b'{"title": {"$ne": 1}, "body": "B"}', "title"),
        (b'{"title": 1, "body": "B"}', "title"),
        (b'{"title": true, "body": "B"}', "title"),
        (b'{"title": null, "body": "B"}', "title"),
        (b'{"title": "T", "body": "B", "tags": "garden"}', "tags"),
        (b'{"title": "T", "body": "B", "tags": [1]}', "tags.0"),
        (b'{"title": "T", "body": "B", "tags": {"0": "a"}}', "tags"),
    ],
)
def test_a_value_that_does_not_fit_names_its_field(program, world, body, field):
    call = program(world.alice)
    call.refused(call.raw("/posts", body), 422, field)
    assert db.session.scalar(select(func.count()).select_from(Post)) == 0


@pytest.mark.parametrize("name", ["id", "role", "person_id", "author", "html", "version", "published_at", "\ud800", ""])
def test_a_field_that_does_not_exist_is_refused(program, world, name):
    call = program(world.alice)
    answer = call("POST", "/posts", {"title": "T", "body": "B", name: 1})
    assert answer.status_code == 422
    assert len(answer.get_json()["errors"]) == 1


def test_no_body_at_all_names_what_is_needed(program, world):
    call = program(world.alice)
    call.refused(call("POST", "/posts"), 422, "title", "body")
