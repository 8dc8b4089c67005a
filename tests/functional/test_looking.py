"""HEAD asks what a page would say (RFC 9110 9.3.2): whoever sends it, to whatever address, changes nothing by it."""

import pytest
from sqlalchemy import select

from tests import pages
from tests.world import sign_in
from webapp.extensions import db as database


@pytest.fixture
def clients(app, places):
    return {who: sign_in(app.test_client(), person) for who, person in places["people"].items()}


def everything():
    """Every row there is."""
    with database.engine.connect() as connection:
        tables = database.metadata.sorted_tables
        return {table.name: sorted(map(repr, connection.execute(select(table)))) for table in tables}


def test_head_changes_nothing_and_answers_as_get_does(app, places, clients):
    before, wrong = everything(), {}
    for who, path in pages.PAGES:
        client = clients[who] if who else app.test_client()
        address = path.format(**places)
        head = client.head(address)
        after = everything()
        changed = [name for name, rows in after.items() if rows != before[name]]
        if changed or head.status_code != client.get(address).status_code:
            wrong[who, path] = head.status_code, changed
        before = everything()
    assert wrong == {}
