"""How long a search takes, beside plain SQL on the driver's cursor: `make bench ARGS="--posts 100000"`.

The plain SQL gives the same answer: the same hits with authors and tags, and what was looked for marked by the
database. Ratios inside one run are what counts: the machine's own speed is in both numbers. Posts are also taken in
while the index is in place, and the index is made anew. It ends with status 1 when a limit is missed.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import random
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, text

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import config  # after the path
from webapp import create_app
from webapp.accounts.models import Person
from webapp.core import clock
from webapp.extensions import db
from webapp.posts.models import Post, PostState, Tag, co_authors, post_tags
from webapp.search import operations, words
from webapp.search.engines.tables import LIMITS

SLOWEST = 2.0
"""Of a search, as a multiple of plain SQL."""
SLACK = 1.5
"""Milliseconds that a search may take longer all the same: four statements by way of SQLAlchemy, whatever they find."""
FEWEST = 500
"""Posts a second that are taken in, tags and index included: of the processor on SQLite, else by the clock."""
ROUNDS = 25
AT_ONCE = 500
WORDS = 20_000
SYLLABLES = [a + b for a, b in itertools.product("bdfgklmnprstvz", "aeiou")]


def word(number: int) -> str:
    """One of some words of six letters, so that none begins with another; every 4,900th has the same four."""
    first, second, third = number % 70, number // 70 % 70, number // 4900
    return SYLLABLES[first] + SYLLABLES[second] + SYLLABLES[third]


QUESTIONS = {
    "a rare word": "quagga",
    "a common word": word(3),
    "the beginning of words": word(700)[:4],
    "two words": f"{word(20)} {word(60)}",
    "a phrase": f'"{word(1)} {word(2)}"',
    "two characters": "小雪",
    "a title": "heading999",
    "a co-author": "Solveig77",
    "nothing": "platypus",
}
PLAIN = (
    """
    SELECT posts.id, posts.title, posts.slug, posts.html, posts.excerpt, posts.minutes, posts.published_at,
      people.name, people.handle
    FROM posts JOIN people ON people.id = posts.author_id WHERE posts.id IN ({ids}) AND posts.state = 'published'
    """,
    """
    SELECT post_tags.post_id, tags.name, tags.slug FROM post_tags JOIN tags ON tags.id = post_tags.tag_id
    WHERE post_tags.post_id IN ({ids}) ORDER BY tags.name
    """,
    """
    SELECT co_authors.post_id, people.name, people.handle
    FROM co_authors JOIN people ON people.id = co_authors.person_id
    WHERE co_authors.post_id IN ({ids}) ORDER BY co_authors.added_at
    """,
)
MARKED = {
    "sqlite": """
    SELECT rowid, highlight(search_index, 0, '<', '>'), snippet(search_index, 1, '<', '>', '…', 40)
    FROM search_index WHERE search_index MATCH {asked} AND rowid IN ({ids})
    """,
    "postgresql": """
    SELECT id, ts_headline('simple', title, asked), ts_headline('simple', search_plain(html), asked)
    FROM posts, CAST({asked} AS tsquery) AS asked WHERE id IN ({ids})
    """,
}


def people() -> None:
    rows = [
        {"email": f"{n}@example.org", "name": name, "handle": f"author-{n}", "password_hash": "", "zone": "UTC"}
        for n, name in enumerate([*(f"Author {n}" for n in range(100)), *(f"Solveig{n}" for n in range(100))], 1)
    ]
    db.session.execute(insert(Person), rows)
    db.session.execute(insert(Tag), [{"name": f"tag {n}", "slug": f"tag-{n}"} for n in range(1, 51)])
    db.session.commit()


def fill(posts: int) -> float:
    """Posts of 250 words, each word as frequent as its place in a language; returns the posts a second."""
    tick = time.process_time if db.engine.dialect.name == "sqlite" else time.perf_counter
    now, dice, taken = clock.now(), random.Random(4), 0.0
    vocabulary = [word(number) for number in range(WORDS)]
    weights = list(itertools.accumulate(1 / (number + 2.7) for number in range(WORDS)))
    for start in range(1, posts + 1, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, posts + 1))
        rows = [_post(number, dice.choices(vocabulary, cum_weights=weights, k=250), now) for number in numbers]
        began = tick()
        db.session.execute(insert(Post), rows)
        db.session.execute(
            insert(post_tags),
            [{"post_id": number, "tag_id": (number + more) % 50 + 1} for number in numbers for more in (0, 7)],
        )
        shared = [{"post_id": n, "person_id": n // 10 % 100 + 101, "added_at": now} for n in numbers if n % 10 == 0]
        if shared:
            db.session.execute(insert(co_authors), shared)
        db.session.commit()
        taken += tick() - began
    return posts / taken


def _post(number: int, said: list[str], now: datetime) -> dict[str, object]:
    paragraphs = (" ".join(said[at : at + 50]) for at in range(0, 250, 50))
    html = "".join(f"<p>{each}</p>" for each in paragraphs)
    html += "<p>小雪那天我们等着下雪</p>" if number % 50 == 0 else ""
    html += "<p>A quagga.</p>" if number % 500 == 7 else ""
    return {
        "id": number,
        "author_id": number % 100 + 1,
        "title": f"Post heading{number} about {word(number % 500)}",
        "slug": f"post-{number}",
        "body": html,
        "html": html,
        "excerpt": html[3:153],
        "state": PostState.PUBLISHED,
        "published_at": now - timedelta(minutes=10 * number),
    }


def ours(question: str) -> None:
    operations.search(question, now=clock.now())
    db.session.rollback()


def plain(question: str) -> None:
    """The same answer by statements that are ready, on the driver's own cursor."""
    statement, given, asked = _ready(question)
    connection = db.engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(statement, given)
        ids = ", ".join(str(row[0]) for row in cursor.fetchall())
        for each in (*PLAIN, MARKED[db.engine.dialect.name]) if ids else ():
            cursor.execute(each.format(ids=ids, asked=asked))
            cursor.fetchall()
    finally:
        connection.close()


def _ready(question: str) -> tuple[str, object, str]:
    if question not in READY:
        engine, now = operations.own_engine(), datetime.now(UTC)
        asked = engine.asked(words.read(question))
        given = {"asked": asked, "now": now, "limit": 10, "skip": 0, **LIMITS}
        compiled = text(engine.SEARCH).bindparams(**given).compile(db.engine)
        if db.engine.dialect.name == "sqlite":
            given["now"] = now.strftime("%Y-%m-%d %H:%M:%S.%f")
            given = [given[name] for name in compiled.positiontup]
        READY[question] = str(compiled), given, "'" + asked.replace("'", "''") + "'"
    return READY[question]


READY: dict[str, tuple[str, object, str]] = {}


def timed(call, question: str) -> float:
    gc.disable()
    began = time.perf_counter()
    call(question)
    took = time.perf_counter() - began
    gc.enable()
    return took * 1000


def searches() -> list[str]:
    """Prints what each question costs, and returns what is wrong with that."""
    print(f"{'':<24}{'ours, ms':>10}{'plain, ms':>11}{'ratio':>8}{'found':>8}")
    wrong = []
    for name, question in QUESTIONS.items():
        total = operations.search(question, now=clock.now()).total
        for call in (ours, plain):
            call(question)
        pairs = [(timed(ours, question), timed(plain, question)) for _ in range(ROUNDS)]
        mine, theirs = (statistics.median(each) for each in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"{name:<24}{mine:>10.2f}{theirs:>11.2f}{ratio:>8.2f}{total:>8}")
        if ratio > SLOWEST and mine > theirs + SLACK:
            wrong.append(f"{name}: {ratio:.2f} times as long as plain SQL, more than {SLOWEST}, and {SLACK} ms longer")
        if (total == 0) != (name == "nothing"):
            wrong.append(f"{name} found {total}, so it measures nothing")
    return wrong


def anew(posts: int) -> None:
    """Makes the index again and says how long others had to wait at most."""
    began = last = time.perf_counter()
    longest = 0.0
    for _step in operations.reindex(now=clock.now()):
        db.session.commit()
        longest, last = max(longest, time.perf_counter() - last), time.perf_counter()
    db.session.commit()
    print(f"made anew: {posts / (last - began):,.0f} posts/s, {longest * 1000:.0f} ms the longest transaction")


def measure(posts: int) -> list[str]:
    people()
    rate = fill(posts)
    print(f"{operations.own_engine().name}, {posts:,} posts; taken in: {rate:,.0f} posts/s")
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("ANALYZE"))
        db.session.commit()
    wrong = [f"{rate:,.0f} posts/s are taken in, fewer than {FEWEST}"] if rate < FEWEST else []
    wrong += searches()
    anew(posts)
    return wrong


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--posts", type=int, default=5_000)
    asked.add_argument("--database", default="", help="an empty one; its tables are made and dropped")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="almanac-bench-") as folder:
        environ = {"WEBAPP_ENV": "dev", "DATA_DIR": folder, "LOG_LEVEL": "error"}
        app = create_app(config.load(environ | ({"DATABASE_URL": given.database} if given.database else {})))
        with app.app_context():
            db.create_all()
            try:
                wrong = measure(given.posts)
            finally:
                db.session.remove()
                db.drop_all()
                db.engine.dispose()
    print("\n".join(wrong) or f"every search takes at most {SLOWEST} times as long as plain SQL, or {SLACK} ms longer")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
