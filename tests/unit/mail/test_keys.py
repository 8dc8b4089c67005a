"""The ledger finds what begins with something by its index, whatever language a database sorts by."""

import secrets

import psycopg
import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.engine import make_url

from tests import house
from webapp.core.db import Model
from webapp.mail import queries
from webapp.mail.models import Delivery

MANY = """
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000)
    INSERT INTO deliveries (kind, dedupe_key, content_id, "values", address, message_id, state, attempts, due_at,
                            next_attempt_at, expires_at, created_at, updated_at)
    SELECT 'comment', 'comment:said:' || (n % 500) || ':' || n, 1, '{}', 'a@example.org', '<' || n || '>', 'sent', 1,
           '2026-11-25', '2026-11-25', '2026-11-25', '2026-11-25', '2026-11-25'
    FROM numbers
"""
CONTENT = """
    INSERT INTO mail_contents (id, subject, text, html, headers, marker, created_at)
    VALUES (1, '', '', '', '{}', '', '2026-11-25')
"""


@pytest.fixture
def own_postgres():
    """A database that sorts as English does: there `:` counts for little, and an index in that order finds nothing."""
    name = f"almanac_test_{secrets.token_hex(4)}"
    try:
        house.on_postgres(f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'")
    except psycopg.Error as error:
        house.needed("PostgreSQL with ICU", error)
    yield make_url(house.POSTGRES).set(database=name)
    house.drop_postgres(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, tmp_path):
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'ledger.db'}" if is_sqlite else request.getfixturevalue("own_postgres")
    made = create_engine(url)
    Model.metadata.create_all(made)
    with made.begin() as connection:
        connection.execute(text(CONTENT))
        connection.execute(text(MANY))
    with made.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    yield made
    made.dispose()


def test_what_begins_with_something_is_found_by_the_index(engine):
    wanted = select(Delivery.dedupe_key).where(queries.keys_with("comment:said:7:"))
    explain = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    with engine.connect() as connection:
        found = connection.scalars(wanted).all()
        statement = wanted.compile(engine, compile_kwargs={"literal_binds": True})
        plan = "\n".join(str(row) for row in connection.execute(text(f"{explain} {statement}".replace(":", r"\:"))))
    assert sorted(found) == sorted(f"comment:said:7:{n}" for n in range(7, 100_001, 500))
    assert "SCAN" not in plan
    assert "Seq Scan" not in plan
    assert "(dedupe_key>? AND dedupe_key<?)" in plan or "Index Cond" in plan
