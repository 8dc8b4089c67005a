"""Whoever writes may be killed at any moment: the index says what the posts say."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, text

from tests.house import drop_postgres, own_postgres
from tests.unit.search.conftest import TABLES
from webapp.accounts.models import Person
from webapp.core.db import Model
from webapp.search.engines.postgresql import PostgreSQL
from webapp.search.engines.sqlite import SQLite

ROOT = Path(__file__).parents[3]
KILLS = 4
FOUND = {
    "sqlite": "SELECT rowid FROM search_index WHERE search_index MATCH :word",
    "postgresql": "SELECT post_id FROM search_index WHERE words @@ CAST(:word AS tsquery)",
}


@pytest.fixture
def url(place, tmp_path, app):
    if place == "sqlite":
        yield f"sqlite:///{tmp_path / 'almanac.db'}"
        return
    address, name = own_postgres()
    yield address
    drop_postgres(name)


@pytest.mark.parametrize("place", TABLES, indirect=True)
def test_a_writer_that_is_killed_leaves_posts_and_index_in_agreement(url, place):
    engine = create_engine(url)
    with engine.begin() as connection:
        Model.metadata.create_all(connection)
        connection.execute(
            insert(Person).values(
                id=1, email="mira@example.org", name="Mira", handle="mira", password_hash="", zone="UTC"
            )
        )
    written = 0
    for kill in range(KILLS):
        written = killed(url, written + 1, after=0.02 * kill)
        with engine.connect() as connection:
            agree(connection, place)
    assert written > KILLS
    engine.dispose()


def killed(url: str, first: int, *, after: float) -> int:
    """Lets a process write from this number on, kills it in the middle, and returns the number it may have reached."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.unit.search.writing_posts", url, str(first)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        said = [writer.stdout.readline() for _ in range(3)]
        time.sleep(after)
    finally:
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.readlines()
        writer.communicate()
    assert writer.returncode == -signal.SIGKILL
    return int(said[-1]) + 1  # the one that it was writing may be there as well


def agree(connection, place: str) -> None:
    count = {"sqlite": SQLite, "postgresql": PostgreSQL}[place].COUNT
    entries, missing, left_over = connection.execute(text(count)).one()
    posts = connection.execute(text("SELECT id, title FROM posts WHERE state = 'published'")).all()
    assert (entries, missing, left_over) == (len(posts), 0, 0)
    for post_id, title in posts:
        assert connection.scalars(text(FOUND[place]), {"word": title}).all() == [post_id], title
    if place == "sqlite":
        connection.execute(text("INSERT INTO search_index (search_index) VALUES ('integrity-check')"))
