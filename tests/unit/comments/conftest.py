"""A post by Alice, on a Wednesday morning."""

from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from tests.unit.comments import talking
from webapp.comments import proof
from webapp.extensions import db as database

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)


@pytest.fixture(autouse=True)
def frozen(time_machine):
    """The clock, standing still until the test moves it."""
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture(autouse=True)
def _light_work(monkeypatch):
    """The tests prove their work as browsers do, but sooner."""
    monkeypatch.setattr(proof, "ROUNDS", 1)


@pytest.fixture
def post(world, frozen):
    made = factories.post(world.alice, "First frost", slug="first-frost", published_at=NOW - timedelta(days=1))
    database.session.commit()
    return made


@pytest.fixture
def as_(app):
    """A browser of somebody's own; without a name a stranger's."""

    def opened(person=None):
        return talking.Talker(app.test_client(), person)

    return opened
