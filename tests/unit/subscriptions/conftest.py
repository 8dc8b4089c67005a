"""What the tests about readers share."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import event

from tests import factories
from tests.world import post_form
from webapp.extensions import db as database
from webapp.subscriptions import links

NOW = datetime(2026, 11, 25, 9, 40, tzinfo=UTC)


@pytest.fixture
def wednesday():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def reader(wednesday, db):
    made = factories.subscription("dora@example.org")
    database.session.commit()
    return made


@pytest.fixture
def address(reader):
    return f"/subscribe/settings/{links.manage_token(reader)}"


def save(client, address, **changes):
    usual = {"follows": "site", "cadence": "weekly", "weekday": "5", "hour": "10", "zone": "UTC"}
    return post_form(client, address, **(usual | changes))


@pytest.fixture
def statements_of(db):
    """The statements that something takes."""

    def gather(act):
        seen = []

        def note(_connection, _cursor, statement, *_words):
            seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            act()
            database.session.commit()
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return seen

    return gather
