"""The people of the tests, and how a test walks through the public door as one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask.testing import FlaskClient

from tests import factories
from webapp.accounts.models import Person, Role
from webapp.extensions import db


@dataclass(frozen=True)
class World:
    """Alice writes, Bob reads, Carol has nothing to do with what is theirs, Olive operates the site."""

    alice: Person
    bob: Person
    carol: Person
    olive: Person
    password: str = factories.PASSWORD


def build() -> World:
    """The four, confirmed and committed; Bob lives in Shanghai so that a local time is never UTC by luck."""
    world = World(
        alice=factories.person("Alice", role=Role.AUTHOR),
        bob=factories.person("Bob", zone="Asia/Shanghai"),
        carol=factories.person("Carol", zone="America/New_York"),
        olive=factories.person("Olive", role=Role.OPERATOR),
    )
    db.session.commit()
    return world


def csrf(client: FlaskClient, address: str) -> str:
    """The hidden token of the first form on a page."""
    page = client.get(address)
    assert page.status_code == 200, f"{address} answered {page.status_code}"
    hidden = re.search(r'name="csrf_token"[^>]*\svalue="([^"]+)"', page.text)
    assert hidden is not None, f"{address} has no form with a token"
    return hidden.group(1)


def post_form(client: FlaskClient, address: str, *, page: str = "", **fields):
    """Sends a form as a browser would: with the token of the page it stands on (``address`` itself by default)."""
    return client.post(address, data={"csrf_token": csrf(client, page or address), **fields})


def sign_in(client: FlaskClient, person: Person, password: str = factories.PASSWORD) -> FlaskClient:
    """Signs someone in by the real form. Returns the same client."""
    answer = post_form(client, "/login", email=person.email, password=password)
    assert answer.status_code in {302, 303}, f"could not sign in: {answer.status_code}\n{answer.text}"
    return client
