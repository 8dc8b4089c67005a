"""Searching, and keeping an engine up to date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from webapp.core import site
from webapp.extensions import db
from webapp.posts.models import Post
from webapp.search import highlighting, queries, words
from webapp.search.engines import COUNTED, Engine, Unreachable
from webapp.search.engines.postgresql import PostgreSQL
from webapp.search.engines.sqlite import SQLite
from webapp.search.highlighting import Piece

PAGE = 10
LAST_PAGE = COUNTED // PAGE

log = structlog.get_logger()


@dataclass(frozen=True)
class Hit:
    """A post that was found. ``title`` and ``passage`` are plain pieces, those that were looked for told apart.

    ``passage`` is empty when the words stand in title, tags or name only.
    """

    post: Post
    title: Sequence[Piece]
    passage: Sequence[Piece]


@dataclass(frozen=True)
class Answer:
    """A page of hits. ``is_more``: there are more than ``total``. ``is_question``: there was a word to look for."""

    hits: Sequence[Hit]
    total: int
    is_more: bool
    is_question: bool


def search(question: str, *, now: datetime, page: int = 1) -> Answer:
    """What everyone may read that holds all words of the question. Pages go from 1 to :data:`LAST_PAGE`."""
    terms = words.read(question)
    if not terms:
        return Answer([], 0, is_more=False, is_question=False)
    asked = {"now": now, "limit": PAGE, "skip": (page - 1) * PAGE}
    try:
        found = engine().search(terms, **asked)
    except Unreachable as error:
        log.warning("search.engine_is_away", error=str(error))
        found = own_engine().search(terms, **asked)
    hits = [
        Hit(post, highlighting.pieces(post.title, terms), highlighting.passage(words.plain(post.html), terms))
        for post in queries.published(found.ids)
    ]
    return Answer(hits, min(found.total, COUNTED), is_more=found.total > COUNTED, is_question=True)


def engine() -> Engine:
    """The engine that answers here."""
    return own_engine()


def own_engine() -> Engine:
    """The database's: always there, and always right."""
    return SQLite() if db.engine.dialect.name == "sqlite" else PostgreSQL()
