"""The pages for operators: who gets in, and what the first one says."""

import pytest

from tests.world import sign_in
from webapp.accounts.models import Role
from webapp.core import clock
from webapp.ops import migrations, operations


@pytest.fixture
def well(db, smtp, monkeypatch):
    """A house in which everything is as it should be."""
    monkeypatch.setattr(migrations, "present", migrations.wanted)
    for name in ("worker", "beat", "dispatcher"):
        operations.beat(name, now=clock.now())
    db.session.commit()


@pytest.fixture
def operator(client, world):
    return sign_in(client, world.olive)


def test_nobody_is_asked_to_sign_in_and_a_reader_is_refused(client, world):
    assert client.get("/ops").status_code in {302, 303}
    assert sign_in(client, world.bob).get("/ops").status_code == 403


def test_an_administrator_operates_too(client, db, world):
    world.carol.role = Role.ADMIN
    assert sign_in(client, world.carol).get("/ops").status_code == 200


def test_only_who_operates_sees_the_link(app, client, world):
    assert 'href="/ops"' in sign_in(client, world.olive).get("/").text
    assert 'href="/ops"' not in sign_in(app.test_client(), world.alice).get("/").text


def test_a_house_in_order_says_so(well, operator):
    assert "<h1>All is well.</h1>" in operator.get("/ops").text
