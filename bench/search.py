"""How long a search takes, beside the same statements sent by the driver alone: `make bench ARGS="--posts 100000"`.

Ratios inside one run are what counts: the machine's own speed is in both numbers. The limit is 2.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, text

import config
from webapp import create_app
from webapp.accounts.models import Person
from webapp.extensions import db
from webapp.posts.models import Post, PostState, Tag, post_tags
from webapp.search import operations, words
from webapp.search.engines.tables import LIMITS

LIMIT = 2.0
ROUNDS = 15
QUESTIONS = {
    "a rare word": "word4321",
    "a common word": "word1",
    "the beginning of words": "word12",
    "two words": "word7 word40",
    "a phrase": '"word1 word2"',
    "two characters": "小雪",
    "a title": "title999",
    "nothing": "platypus",
}
PLAIN = """
    SELECT posts.id, posts.title, posts.slug, posts.html, posts.excerpt, posts.minutes, posts.published_at,
      people.name, people.handle
    FROM posts JOIN people ON people.id = posts.author_id WHERE posts.id IN ({ids})
"""
PLAIN_TAGS = """
    SELECT post_tags.post_id, tags.name, tags.slug FROM post_tags JOIN tags ON tags.id = post_tags.tag_id
    WHERE post_tags.post_id IN ({ids}) ORDER BY tags.name
"""


def fill(posts: int) -> float:
    """Posts of 250 words, the frequency of each word falling with its number. Returns the seconds for 1,000."""
    now, dice = datetime.now(UTC), random.Random(4)
    db.session.execute(
        insert(Person),
        [
            {
                "email": f"{n}@example.org",
                "name": f"Author {n}",
                "handle": f"author-{n}",
                "password_hash": "",
                "zone": "UTC",
            }
            for n in range(1, 101)
        ],
    )
    db.session.execute(insert(Tag), [{"name": f"tag {n}", "slug": f"tag-{n}"} for n in range(1, 51)])
    db.session.commit()
    began = time.perf_counter()
    for start in range(1, posts + 1, 1000):
        rows = []
        for number in range(start, min(start + 1000, posts + 1)):
            body = " ".join(f"word{int(dice.paretovariate(0.6)) % 20_000}" for _ in range(250))
            body += " 小雪那天我们等着下雪" if number % 50 == 0 else ""
            rows.append(
                {
                    "id": number,
                    "author_id": number % 100 + 1,
                    "title": f"Post title{number} about word{number % 500}",
                    "slug": f"post-{number}",
                    "body": "",
                    "html": f"<p>{body}</p>",
                    "excerpt": body[:150],
                    "state": PostState.PUBLISHED,
                    "published_at": now - timedelta(hours=posts - number),
                }
            )
        db.session.execute(insert(Post), rows)
        db.session.execute(insert(post_tags), [{"post_id": row["id"], "tag_id": row["id"] % 50 + 1} for row in rows])
        db.session.commit()
    return (time.perf_counter() - began) / posts * 1000


def ours(question: str) -> None:
    operations.search(question, now=datetime.now(UTC))
    db.session.rollback()


def plain(question: str) -> None:
    """The same rows by statements that are ready, on the driver's own cursor."""
    engine = operations.own_engine()
    asked = engine.asked(words.read(question))
    given = {"asked": asked, "now": datetime.now(UTC), "limit": 10, "skip": 0, **LIMITS}
    compiled = text(engine.SEARCH).bindparams(**given).compile(db.engine)
    connection = db.engine.raw_connection()
    try:
        cursor = connection.cursor()
        if db.engine.dialect.name == "sqlite":
            given["now"] = given["now"].strftime("%Y-%m-%d %H:%M:%S.%f")
            cursor.execute(str(compiled), [given[name] for name in compiled.positiontup])
        else:
            cursor.execute(str(compiled), given)
        ids = ", ".join(str(row[0]) for row in cursor.fetchall())
        if ids:
            for statement in (PLAIN, PLAIN_TAGS):
                cursor.execute(statement.format(ids=ids))
                cursor.fetchall()
    finally:
        connection.close()


def timed(call, question: str) -> float:
    gc.disable()
    began = time.perf_counter()
    call(question)
    took = time.perf_counter() - began
    gc.enable()
    return took * 1000


def measure() -> bool:
    print(f"{'':<24}{'ours, ms':>10}{'plain, ms':>11}{'ratio':>8}{'found':>8}")
    is_well = True
    for name, question in QUESTIONS.items():
        total = operations.search(question, now=datetime.now(UTC)).total
        pairs = [(timed(ours, question), timed(plain, question)) for _ in range(ROUNDS)]
        mine, theirs = (statistics.median(each) for each in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        is_well &= ratio <= LIMIT
        print(f"{name:<24}{mine:>10.2f}{theirs:>11.2f}{ratio:>8.2f}{total:>8}")
    return is_well


def main() -> None:
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
                print(f"{operations.own_engine().name}, {given.posts} posts")
                print(f"taking in 1,000 posts: {fill(given.posts):.2f} s")
                if db.engine.dialect.name == "postgresql":
                    db.session.execute(text("ANALYZE"))
                    db.session.commit()
                is_well = measure()
            finally:
                db.session.remove()
                db.drop_all()
                db.engine.dispose()
    print(f"every ratio is at most {LIMIT}" if is_well else f"a ratio is above {LIMIT}")


if __name__ == "__main__":
    main()
