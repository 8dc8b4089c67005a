"""What the tests about readers share."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from webapp.extensions import db as database


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
