"""Searching, and keeping the engines up to date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from webapp.core import site
from webapp.extensions import db
from webapp.search import highlighting, outbox, queries, schema, words
from webapp.search.engines import COUNTED, Count, Elsewhere, Engine, Hits, Unreachable
from webapp.search.engines.postgresql import PostgreSQL
from webapp.search.engines.sqlite import SQLite
from webapp.search.highlighting import Piece
from webapp.search.queries import Found
from webapp.search.words import Term
from webapp.settings.models import SiteSetting

PAGE = 10
LAST_PAGE = COUNTED // PAGE
BATCH = 50
"""Posts that one transaction of a new index takes in: on SQLite everybody who writes waits for it."""
RESUMABLE = timedelta(hours=1)
MARK = "search_reindexed"

log = structlog.get_logger()


@dataclass(frozen=True)
class Hit:
    """A post that was found. ``title`` and ``passage`` are plain pieces, those that were looked for told apart.

    ``passage`` is empty when the words stand in title, tags or name only.
    """

    post: Found
    title: Sequence[Piece]
    passage: Sequence[Piece]


@dataclass(frozen=True)
class Answer:
    """A page of hits. ``is_more``: there are more than ``total``. ``is_question``: there was a word to look for."""

    hits: Sequence[Hit]
    total: int
    is_more: bool
    is_question: bool


@dataclass(frozen=True)
class Progress:
    """How far a new index is. ``removed`` are entries that no post stood behind."""

    done: int
    total: int
    removed: int = 0


# Searching


def search(question: str, *, now: datetime, page: int = 1, size: int = PAGE) -> Answer:
    """What everyone may read that holds all words of the question. What lies beyond the first 200 is not shown."""
    terms = words.read(question)
    if not terms:
        return Answer([], 0, is_more=False, is_question=False)
    found = _ask(terms, now=now, page=page, size=size)
    hits = [
        Hit(post, highlighting.pieces(post.title, terms), highlighting.passage(words.plain(post.html), terms))
        for post in queries.published(found.ids)
    ]
    return Answer(hits, min(found.total, COUNTED), is_more=found.total > COUNTED, is_question=True)


def find(question: str, *, now: datetime, page: int = 1, size: int = PAGE) -> Hits:
    """As :func:`search`, but only ids: whoever reads the posts by them has to ask which are public.

    ``total`` is at most what can be turned through, and right for a page past the end too.
    """
    terms = words.read(question)
    if not terms:
        return Hits([], 0)
    found = _ask(terms, now=now, page=page, size=size)
    if not found.ids and page > 1:
        found = Hits([], _ask(terms, now=now, page=1, size=1).total)
    return Hits(found.ids, min(found.total, COUNTED))


def _ask(terms: Sequence[Term], *, now: datetime, page: int, size: int) -> Hits:
    skip = (page - 1) * size
    limit = max(0, min(size, COUNTED - skip))
    try:
        return answering_engine().search(terms, now=now, limit=limit, skip=skip)
    except Unreachable as error:
        log.warning("search.engine_is_away", error=str(error))
        return own_engine().search(terms, now=now, limit=limit, skip=skip)


def answering_engine() -> Engine:
    """The one elsewhere, if there is one that has heard of every post; else the database's own."""
    elsewhere = other_engine()
    return elsewhere if elsewhere is not None and outbox.is_ready(elsewhere.place) else own_engine()


def own_engine() -> Engine:
    """The database's: always there, and always right."""
    return SQLite() if db.engine.dialect.name == "sqlite" else PostgreSQL()


def other_engine() -> Elsewhere | None:
    """The one that SEARCH_URL names."""
    url = site.config().search_url
    if not url:
        return None
    try:
        from webapp.search.engines.elasticsearch import Elasticsearch  # an extra that few sites have
    except ImportError:
        raise Unreachable("SEARCH_URL needs what requirements-search.txt names: pip install it") from None
    return Elasticsearch(url)


# Keeping up


def follow() -> int:
    """Reports what changed to the engine elsewhere, and says how much it was. Commits by itself."""
    elsewhere = other_engine()
    if elsewhere is None:
        if not outbox.is_open_for(None):
            outbox.close()
        db.session.commit()
        return 0
    if not outbox.is_open_for(elsewhere.place):
        return 0  # nobody has made an index there: `search reindex` does
    reported = 0
    while count := outbox.deliver(elsewhere):
        reported += count
        if count < outbox.AT_ONCE:
            break
    return reported


def reindex(*, now: datetime) -> Iterator[Progress]:
    """Makes every index anew, in steps; whoever runs it commits after each. Searching goes on meanwhile.

    One that was interrupted less than an hour ago goes on where it stopped. Raises :class:`Unreachable`.
    """
    engine, elsewhere = own_engine(), other_engine()
    total, done = queries.how_many_published(), 0
    everything = total * (1 if elsewhere is None else 2)
    engine.prepare()
    last = _left_off(now)
    done = total - queries.how_many_published(last)
    yield Progress(done, everything)
    while ids := queries.published_after(last, BATCH):
        engine.refresh(dict.fromkeys(ids, 0))
        last, done = ids[-1], done + len(ids)
        _leave_off(last, now)
        yield Progress(done, everything)
    removed = engine.prune(0)
    _forget()
    yield Progress(done, everything, removed)
    if elsewhere is None:
        outbox.close()
    else:
        yield from _report_all(elsewhere, done, everything, removed)


def _report_all(elsewhere: Elsewhere, done: int, everything: int, removed: int) -> Iterator[Progress]:
    elsewhere.prepare()
    outbox.open_for(elsewhere.place, is_ready=outbox.is_ready(elsewhere.place))
    yield Progress(done, everything, removed)  # committed: from here on changes are written down
    first = outbox.report_all()
    yield Progress(done, everything, removed)
    while count := outbox.deliver(elsewhere):
        done = min(done + count, everything)
        yield Progress(done, everything, removed)
    removed += elsewhere.prune(first)
    outbox.open_for(elsewhere.place, is_ready=True)
    yield Progress(everything, everything, removed)


def compare() -> tuple[str, Count, set[str]]:
    """The engine that answers here by name, how far it agrees with the posts, and which triggers are missing.

    Raises :class:`Unreachable`.
    """
    missing = schema.missing_triggers(db.session.connection())
    if not schema.is_installed(db.session.connection()):
        return own_engine().name, Count(0, 0, 0), missing
    engine = answering_engine()
    return engine.name, engine.count(), missing


def _left_off(now: datetime) -> int:
    mark = db.session.get(SiteSetting, MARK)
    if mark is None or now - mark.updated_at > RESUMABLE:
        return 0
    return int(mark.value["after"])


def _leave_off(post_id: int, now: datetime) -> None:
    mark = db.session.get(SiteSetting, MARK)
    if mark is None:
        db.session.add(SiteSetting(name=MARK, value={"after": post_id}, created_at=now, updated_at=now))
    else:
        mark.value, mark.updated_at = {"after": post_id}, now


def _forget() -> None:
    mark = db.session.get(SiteSetting, MARK)
    if mark is not None:
        db.session.delete(mark)
