"""The same tests over every engine: what a test asks for by ``place`` is the database, and what answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import create_engine, event

from tests import factories
from tests.elasticsearch_server import serving
from tests.house import drop_postgres, own_postgres
from webapp.core.db import Model
from webapp.extensions import db as database
from webapp.search import operations

NOW = datetime(2026, 11, 25, 1, 40, tzinfo=UTC)
ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.services), "elasticsearch"]
TABLES = ENGINES[:2]


@pytest.fixture(autouse=True)
def wednesday():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(scope="session")
def postgres(app):
    url, name = own_postgres()
    engine = create_engine(url)
    Model.metadata.create_all(engine)
    yield engine
    engine.dispose()
    drop_postgres(name)


@pytest.fixture
def place(request):
    """Which engine. A test that does not say gets SQLite."""
    return getattr(request, "param", "sqlite")


@pytest.fixture
def server(place):
    if place != "elasticsearch":
        yield None
        return
    with serving() as listening:
        yield listening


@pytest.fixture
def _prepared(place, server, app, request, monkeypatch):
    if place == "postgresql":
        monkeypatch.setitem(database._app_engines[app], None, request.getfixturevalue("postgres"))
    if place == "elasticsearch":
        url = f"http://elastic:secret@127.0.0.1:{server.port}/words"
        monkeypatch.setitem(app.config, "ALMANAC", replace(app.config["ALMANAC"], search_url=url))


@pytest.fixture
def db(_prepared, db, server):
    if server is not None:
        reindex()
    return db


def reindex():
    steps = []
    for step in operations.reindex(now=NOW):
        steps.append(step)
        database.session.commit()
    database.session.commit()
    return steps


def publish(author, title, html="<p>Some words.</p>", *, ago=timedelta(days=1), **values):
    """A published post, committed."""
    post = factories.post(author, title, html=html, published_at=NOW - ago, **values)
    settle()
    return post


def settle():
    """Commits, and lets an engine elsewhere hear of it, as a worker would."""
    database.session.commit()
    operations.follow()


def found(question, **asked):
    """The titles that a question finds, the best first."""
    return [hit.post.title for hit in operations.search(question, now=NOW, **asked).hits]


def told(pieces):
    return "".join(f"[{each.text}]" if each.is_found else each.text for each in pieces)


@pytest.fixture
def count_queries():
    """A function that says how many statements a call has sent to the database."""

    def count(call) -> int:
        sent = []
        note = lambda _c, _cursor, statement, *_: sent.append(statement)  # noqa: E731  # SQLAlchemy keeps it by identity
        event.listen(database.engine, "before_cursor_execute", note)
        try:
            call()
        finally:
            event.remove(database.engine, "before_cursor_execute", note)
        return len([each for each in sent if not each.startswith("BEGIN")])

    return count
