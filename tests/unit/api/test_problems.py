"""Every error under /api/ has one form, whoever raises it."""

from __future__ import annotations

import pytest
from werkzeug.exceptions import HTTPException

from webapp.posts import queries


@pytest.mark.parametrize("path", ["/api/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v2/posts", "/api/v1/posts/"])
def test_an_unknown_address_is_a_problem(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["instance"] == path


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_a_wrong_method_is_a_problem_that_names_the_right_ones(client, method):
    answer = client.open("/api/v1/posts", method=method)
    assert answer.status_code == 405
    assert answer.content_type == "application/problem+json"
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_a_wrong_method_on_the_reference_page_is_a_problem(client):
    assert client.post("/api/docs").content_type == "application/problem+json"


def test_pages_keep_their_own_errors(client):
    assert client.get("/nothing-here").mimetype == "text/html"
    assert client.get("/apiary").mimetype == "text/html"


def test_an_unexpected_error_is_a_500_that_tells_no_secrets(program, world, survives, monkeypatch):
    def broken(_person):
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(queries, "visible_to", broken)
    call = program(world.alice)
    answer = call("GET", "/posts")
    call.refused(answer, 500)
    assert "hunter2" not in answer.text


def test_a_body_that_is_too_large_is_a_413(program, world):
    call = program(world.alice)
    call.refused(call.raw("/posts", b'{"title": "' + b"x" * 5_000_000 + b'"}'), 413)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "junk"])
def test_a_body_that_is_not_declared_as_json_is_a_415(program, world, kind):
    call = program(world.alice)
    call.refused(call.raw("/posts", b'{"title": "T", "body": "B"}', kind), 415)


def test_json_with_a_charset_is_json(program, world):
    answer = program(world.alice).raw("/posts", b'{"title": "T", "body": "B"}', "application/json; charset=utf-8")
    assert answer.status_code == 201


def test_the_type_leads_to_its_explanation(client):
    document = client.get("/api/v1/nothing").get_json()
    path, _, anchor = document["type"].removeprefix("http://localhost").partition("#")
    assert f'id="{anchor}"' in client.get(path).text


def test_a_problem_that_an_extension_raises_without_words_has_some(program, world, monkeypatch):
    class Odd(HTTPException):
        code = 418

    def odd(_person):
        raise Odd

    monkeypatch.setattr(queries, "visible_to", odd)
    call = program(world.alice)
    document = call.refused(call("GET", "/posts"), 418)
    assert document["type"] == "about:blank"
    assert document["detail"]


def test_another_host_is_refused_as_a_problem(client):
    answer = client.get("/api/v1/posts", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
