"""What the tests of the house share."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event


@pytest.fixture
def statements(db):
    """A block that collects every statement the database is given."""

    @contextmanager
    def collected():
        said = []

        def note(_connection, _cursor, statement, *_):
            said.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield said
        finally:
            event.remove(db.engine, "before_cursor_execute", note)

    return collected
