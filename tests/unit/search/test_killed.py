"""Whoever writes may be killed at any moment: the index says what the posts say."""

import itertools
import multiprocessing
import time

import pytest
from sqlalchemy import create_engine, insert, text, update

from tests.house import drop_postgres, own_postgres
from tests.unit.search.conftest import TABLES
from webapp.accounts.models import Person
from webapp.core import clock
from webapp.core.db import Model
from webapp.posts.models import Post, PostState
from webapp.search.engines.postgresql import PostgreSQL
from webapp.search.engines.sqlite import SQLite

KILLS = 4
ENGINES = {"sqlite": SQLite, "postgresql": PostgreSQL}
FOUND = {
    "sqlite": "SELECT rowid FROM search_index WHERE search_index MATCH :word",
    "postgresql": "SELECT post_id FROM search_index WHERE words @@ CAST(:word AS tsquery)",
}
PROCESSES = multiprocessing.get_context("fork")
"""A copy of this process has imported everything already."""


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
    if place == "sqlite":
        with engine.connect() as connection:
            connection.execute(text("PRAGMA journal_mode = WAL"))
    with engine.begin() as connection:
        Model.metadata.create_all(connection)
        mira = {"email": "mira@example.org", "name": "Mira", "handle": "mira", "zone": "UTC", "password_hash": ""}
        connection.execute(insert(Person).values(**mira))
    written = 0
    for kill in range(KILLS):
        engine.dispose()
        written = killed(url, written + 1, after=0.007 * kill)
        with engine.connect() as connection:
            agree(connection, place)
    engine.dispose()


def write(url, first, heard):
    """Publishes one post, names another anew and hides a third, all in one transaction, again and again."""
    with create_engine(url).connect() as connection:
        for number in itertools.count(first):
            connection.execute(
                insert(Post).values(
                    author_id=1,
                    title=f"new{number}",
                    slug=f"post-{number}",
                    body="",
                    html=f"<p>{'many words of a text ' * 200}</p>",
                    excerpt="",
                    state=PostState.PUBLISHED,
                    published_at=clock.now(),
                )
            )
            connection.execute(update(Post).where(Post.slug == f"post-{number - 2}").values(title=f"named{number}"))
            connection.execute(update(Post).where(Post.slug == f"post-{number - 5}").values(state=PostState.DRAFT))
            connection.commit()
            heard.send(number)


def killed(url, first, *, after):
    """Lets a process write from this number on, kills it in the middle, and returns the number it may have reached."""
    here, there = PROCESSES.Pipe(duplex=False)
    writer = PROCESSES.Process(target=write, args=(url, first, there), daemon=True)
    writer.start()
    there.close()
    written = [here.recv() for _ in range(3)]
    time.sleep(after)
    writer.kill()
    writer.join()
    try:
        while True:
            written.append(here.recv())
    except EOFError:
        return written[-1] + 1  # the one it was writing may be there as well


def agree(connection, place):
    entries, missing, left_over = connection.execute(text(ENGINES[place].COUNT)).one()
    posts = connection.execute(text("SELECT id, title FROM posts WHERE state = 'published'")).all()
    assert posts
    assert (entries, missing, left_over) == (len(posts), 0, 0)
    for post_id, title in posts:
        assert connection.scalars(text(FOUND[place]), {"word": title}).all() == [post_id], title
    if place == "sqlite":
        connection.execute(text("INSERT INTO search_index (search_index) VALUES ('integrity-check')"))
