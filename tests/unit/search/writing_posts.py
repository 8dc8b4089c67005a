"""A process that writes posts until it is killed: `test_killed.py` gives it a database and the first number.

Each transaction publishes one, takes one away and names another anew; after each commit it says so.
"""

import itertools
import sys

from sqlalchemy import create_engine, insert, text, update

from webapp.core import clock
from webapp.core.db import is_sqlite
from webapp.posts.models import Post, PostState


def main(url: str, first: int) -> None:
    with create_engine(url).connect() as connection:
        if is_sqlite(connection):
            connection.execute(text("PRAGMA journal_mode = WAL"))
        for number in itertools.count(first):
            connection.execute(insert(Post).values(**post(number)))
            connection.execute(update(Post).where(Post.slug == f"post-{number - 2}").values(title=f"named{number}"))
            connection.execute(update(Post).where(Post.slug == f"post-{number - 5}").values(state=PostState.DRAFT))
            connection.commit()
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


def post(number: int) -> dict[str, object]:
    return {
        "author_id": 1,
        "title": f"new{number}",
        "slug": f"post-{number}",
        "body": "",
        "html": f"<p>{'many words of a text ' * 200}</p>",
        "excerpt": "",
        "state": PostState.PUBLISHED,
        "published_at": clock.now(),
    }


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
