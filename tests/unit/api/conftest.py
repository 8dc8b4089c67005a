"""A program that calls the API, as somebody, with a token of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import factories
from webapp.accounts.models import Person, Scope


@dataclass
class Program:
    """Sends requests with a token, without cookies. ``token`` may be changed by the test."""

    client: FlaskClient
    token: str

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """``headers`` are written with underscores: ``if_match="…"``."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(
            f"/api/v1{path}",
            method=method,
            json=body,
            headers={"Authorization": f"Bearer {self.token}", **sent},
        )

    def raw(self, path: str, body: bytes, content_type: str = "application/json") -> TestResponse:
        """Posts these very bytes."""
        return self.client.post(
            f"/api/v1{path}",
            data=body,
            content_type=content_type,
            headers={"Authorization": f"Bearer {self.token}"},
        )

    def refused(self, answer: TestResponse, status: int, *fields: str) -> dict[str, Any]:
        """The problem document of an answer, which must have this status and name exactly these fields."""
        assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
        assert answer.content_type == "application/problem+json"
        document = answer.get_json()
        assert {"type", "title", "status", "detail", "instance"} <= document.keys()
        assert document["status"] == status
        assert document["instance"] == answer.request.path
        assert set(document.get("errors", {})) == set(fields), document
        return document


Calls = Callable[..., Program]


@pytest.fixture
def program(app: Flask, db: Any) -> Calls:
    """``program(world.alice)`` carries a token of Alice's with every scope, or with the scopes named."""

    def make(person: Person, *scopes: Scope) -> Program:
        _row, secret = factories.api_token(person, *scopes)
        return Program(app.test_client(use_cookies=False), secret)

    return make


@pytest.fixture
def survives(app: Flask) -> Iterator[None]:
    """Lets an unexpected error become the 500 that a caller would see, instead of failing the test."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    yield
    app.config["PROPAGATE_EXCEPTIONS"] = None
