"""Who gets in, and what their token lets them do."""

from __future__ import annotations

import pytest
import time_machine

from tests import factories
from tests.world import sign_in
from webapp.accounts.models import Scope
from webapp.api import views
from webapp.core import clock

OPERATIONS = [
    ("GET", "/posts", Scope.POSTS_READ),
    ("POST", "/posts", Scope.POSTS_WRITE),
    ("GET", "/posts/1", Scope.POSTS_READ),
    ("PATCH", "/posts/1", Scope.POSTS_WRITE),
    ("DELETE", "/posts/1", Scope.POSTS_WRITE),
    ("PUT", "/posts/1/publication", Scope.POSTS_WRITE),
    ("DELETE", "/posts/1/publication", Scope.POSTS_WRITE),
    ("GET", "/reminders", Scope.REMINDERS_READ),
    ("POST", "/reminders", Scope.REMINDERS_WRITE),
    ("GET", "/reminders/1", Scope.REMINDERS_READ),
    ("PATCH", "/reminders/1", Scope.REMINDERS_WRITE),
    ("DELETE", "/reminders/1", Scope.REMINDERS_WRITE),
    ("GET", "/subscriptions", Scope.SUBSCRIPTIONS_READ),
    ("POST", "/subscriptions", Scope.SUBSCRIPTIONS_WRITE),
    ("GET", "/subscriptions/1", Scope.SUBSCRIPTIONS_READ),
    ("DELETE", "/subscriptions/1", Scope.SUBSCRIPTIONS_WRITE),
]


@pytest.mark.parametrize(("method", "path", "scope"), OPERATIONS)
def test_without_a_token_nothing_opens(client, method, path, scope):
    answer = client.open(f"/api/v1{path}", method=method)
    assert answer.status_code == 401
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Almanac"'


@pytest.mark.parametrize(("method", "path", "scope"), OPERATIONS)
def test_every_other_scope_together_is_not_enough(world, program, method, path, scope):
    call = program(world.alice, *(set(Scope) - {scope}))
    document = call.refused(call(method, path, {} if method in {"POST", "PATCH"} else None), 403)
    assert scope in document["detail"]


def test_the_scope_is_enough_to_read(world, program):
    assert program(world.alice, Scope.POSTS_READ)("GET", "/posts").status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer é",
        "Bearer " + "x" * 5000,
        "Basic YWxpY2U6c2VjcmV0",
        "Basic %%%",
        "Token x",
        "x",
        "Bearer a, Bearer b",
    ],
)
def test_a_bad_token_is_refused_as_such(client, world, sent):
    answer = client.get("/api/v1/posts", headers={"Authorization": sent})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_revoked_token_is_refused_from_then_on(client, world):
    row, secret = factories.api_token(world.alice)
    carried = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/posts", headers=carried).status_code == 200
    row.revoked_at = clock.now()
    answer = client.get("/api/v1/posts", headers=carried)
    assert answer.status_code == 401
    assert secret not in answer.text


@pytest.mark.parametrize("name", ["token", "access_token", "api_key"])
def test_a_token_in_the_address_opens_nothing(client, world, name):
    _row, secret = factories.api_token(world.alice)
    assert client.get(f"/api/v1/posts?{name}={secret}").status_code == 401


def test_a_browser_that_is_signed_in_is_nobody_here(client, world):
    sign_in(client, world.alice)
    assert client.get("/api/v1/posts").status_code == 401
    assert client.post("/api/v1/posts", json={"title": "Forged", "body": "From another site"}).status_code == 401


def test_no_cookie_is_set(world, program):
    assert "Set-Cookie" not in program(world.alice)("GET", "/posts").headers


@time_machine.travel("2026-11-25T12:00:00Z", tick=False)
def test_a_token_that_asks_too_much_is_slowed_down_on_every_address_at_once(world, program, monkeypatch):
    monkeypatch.setattr(views, "PACE", "2 per minute")
    alice, bob = program(world.alice), program(world.bob)
    assert alice("GET", "/posts").headers["X-RateLimit-Remaining"] == "1"
    assert alice("GET", "/reminders").headers["X-RateLimit-Remaining"] == "0"
    answer = alice("GET", "/subscriptions")
    assert "2 per 1 minute" in alice.refused(answer, 429)["detail"]
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    assert bob("GET", "/posts").status_code == 200
