"""What is news to readers, and since when: every post once, at an instant that no letter has passed.

A post's own day can be edited, and a publication can be stamped before a slot and committed after it. So a letter's
window does not count by that day: it counts by when we noticed. Before runs are opened, everything new is noticed under
a lock that all openers take, and what claims to have appeared before a window that was opened already has appeared
now. Then no window that is open ever gets another post, and each post lies in exactly one window of each reader.
See docs/adr/0015.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

from sqlalchemy import Select, exists, func, or_, select, update
from sqlalchemy.orm import load_only, selectinload

from webapp.digests.models import DigestRun, Letter, LetterPost, News
from webapp.extensions import db
from webapp.mail.models import Delivery, State
from webapp.posts.models import Post, PostState
from webapp.posts.queries import APPEARED_HERE
from webapp.settings.models import SiteSetting

ARCHIVE = timedelta(days=31)
"""A post whose day is longer ago than this when we first see it was brought along from elsewhere. It is not mailed."""

AN_INSTANT = timedelta(microseconds=1)
AT_ONCE = 1000
"""Numbers in one statement: databases set a limit, 32,766 at the least."""


@dataclass(frozen=True)
class Item:
    """A post in a window, as far as it decides whose letter it is in."""

    post_id: int
    appeared_at: datetime
    author_ids: frozenset[int]
    tag_ids: frozenset[int]
    is_again: bool = False
    title: str = ""


def lock() -> None:
    """Makes whoever else notices or opens wait until this transaction ends. SQLite has one writer anyway."""
    db.session.execute(select(SiteSetting.name).where(SiteSetting.name == "installed_at").with_for_update())


def notice(*, now: datetime) -> None:
    """Writes down what is new, and what is hidden. Call :func:`lock` first."""
    hide()
    passed = last_window_end()
    for post, known in _unnoticed():
        appeared_at = _appearance(post, known, passed, now)
        if known is None:
            db.session.add(News(post_id=post.id, appeared_at=appeared_at))
        else:
            known.appeared_at, known.is_hidden, known.is_again = appeared_at, False, True
    db.session.flush()


def take_as_dated() -> None:
    """Believes the day of every post that is not known yet. For posts that are older than their rows."""
    for post, known in _unnoticed():
        if known is None:
            db.session.add(News(post_id=post.id, appeared_at=post.published_at))
    db.session.flush()


def hide(post_ids: Collection[int] | None = None) -> None:
    """Notes that these posts, or all that are not public, are hidden: shown again, they may be news again."""
    is_public = exists().where(Post.id == News.post_id, Post.state == PostState.PUBLISHED)
    db.session.execute(
        update(News)
        .where(News.is_hidden.is_(False), ~is_public if post_ids is None else News.post_id.in_(post_ids))
        .values(is_hidden=True)
        .execution_options(synchronize_session="fetch")
    )


def last_window_end() -> datetime | None:
    """Up to where a letter has been opened, whatever its schedule."""
    return db.session.scalar(select(func.max(DigestRun.window_end)))


def newest(*, until: datetime) -> datetime | None:
    """When the newest of what is known appeared."""
    return db.session.scalar(
        select(func.max(News.appeared_at)).where(News.appeared_at <= until, News.is_hidden.is_(False))
    )


def first_seen(post: Post, passed: datetime | None, now: datetime) -> datetime | None:
    """When a post that is seen for the first time appeared; None when it came here with an archive."""
    dated = post.published_at or now
    if dated < now - ARCHIVE and (passed is None or dated <= passed):
        return None
    return _fresh(dated, passed, now)


def between(start: datetime, end: datetime) -> Sequence[Item]:
    """What appeared after ``start`` and up to ``end`` and can be read now. What cannot is noted as hidden."""
    rows = _known_between(start, end)
    gone = [post.id for _known, post in rows if not post.is_public]
    if gone:  # even if they have come back in this moment: these readers were not shown them
        hide(gone)
    return _items(rows)


def are_readable(post_ids: Collection[int]) -> bool:
    """Whether all of these that a letter found can be read still, and were not taken back meanwhile."""
    return all(
        db.session.scalar(
            select(func.count())
            .select_from(News)
            .join(Post, Post.id == News.post_id)
            .where(News.post_id.in_(some), News.is_hidden.is_(False), Post.state == PostState.PUBLISHED)
        )
        == len(some)
        for some in _parts(post_ids)
    )


def foreseen(start: datetime, end: datetime) -> Sequence[Item]:
    """What :func:`between` would find if ``end`` were now and everything noticed. It writes nothing."""
    found = [*_items(_known_between(start, end)), *(each for each in to_notice(now=end) if each.appeared_at > start)]
    return sorted(found, key=lambda each: (each.appeared_at, each.post_id))


def to_notice(*, now: datetime) -> list[Item]:
    """What :func:`notice` would make news of, if it came now."""
    passed = last_window_end()
    found = ((post, known, _appearance(post, known, passed, now)) for post, known in _unnoticed())
    return [item(post, at, is_again=known is not None) for post, known, at in found if at is not None]


def _appearance(post: Post, known: News | None, passed: datetime | None, now: datetime) -> datetime | None:
    if known is None:
        return first_seen(post, passed, now)
    is_over = known.is_old or known.appeared_at is None
    return None if is_over else _fresh(post.updated_at, passed, now)


def _known_between(start: datetime, end: datetime) -> Sequence[tuple[News, Post]]:
    rows = db.session.execute(
        select(News, Post)
        .join(Post, Post.id == News.post_id)
        .where(News.appeared_at > start, News.appeared_at <= end, APPEARED_HERE)
        .order_by(News.appeared_at, Post.id)
        .options(load_only(Post.author_id, Post.state, Post.title))
        .options(selectinload(Post.co_authors), selectinload(Post.tags))
        .execution_options(populate_existing=True)
    )
    return [(known, post) for known, post in rows]


def _items(rows: Sequence[tuple[News, Post]]) -> list[Item]:
    return [
        item(post, known.appeared_at, is_again=known.is_again)
        for known, post in rows
        if post.is_public and not known.is_hidden and known.appeared_at is not None
    ]


def item(post: Post, appeared_at: datetime, *, is_again: bool = False) -> Item:
    authors = frozenset({post.author_id, *(each.id for each in post.co_authors)})
    tags = frozenset(tag.id for tag in post.tags)
    return Item(post.id, appeared_at, authors, tags, is_again, post.title)


def had_before(reader_ids: Collection[int], post_ids: Collection[int]) -> set[tuple[int, int]]:
    """Which (reader, post) of these the ledger has a mail for, but for those called off before they left."""
    found: set[tuple[int, int]] = set()
    for readers, some in product(_parts(reader_ids), _parts(post_ids)):
        rows = db.session.execute(
            select(Delivery.reader_id, LetterPost.post_id)
            .join(LetterPost, LetterPost.content_id == Delivery.content_id)
            .where(Delivery.reader_id.in_(readers), LetterPost.post_id.in_(some), Delivery.state != State.CANCELLED)
        )
        found |= {(reader_id, post_id) for reader_id, post_id in rows if reader_id is not None}
    return found


def letter_by_token(token: str) -> Letter | None:
    return db.session.scalar(select(Letter).where(Letter.token == token))


def posts_in(content_id: int) -> Sequence[int]:
    return db.session.scalars(select(LetterPost.post_id).where(LetterPost.content_id == content_id)).all()


def letters_about_nothing_but(post_id: int) -> Sequence[int]:
    """The contents that hold a post and no other that can be read now."""
    others = (
        select(LetterPost.post_id)
        .join(Post, Post.id == LetterPost.post_id)
        .where(
            LetterPost.content_id == Letter.content_id,
            LetterPost.post_id != post_id,
            Post.state == PostState.PUBLISHED,
        )
    )
    return db.session.scalars(
        select(Letter.content_id)
        .join(LetterPost, LetterPost.content_id == Letter.content_id)
        .where(LetterPost.post_id == post_id, ~others.exists())
    ).all()


def is_anything_new() -> bool:
    """Whether :func:`notice` would find something."""
    return bool(db.session.scalar(select(_unnoticed_rows().with_only_columns(Post.id).exists())))


def _unnoticed() -> Sequence[tuple[Post, News | None]]:
    rows = db.session.execute(
        _unnoticed_rows()
        .order_by(Post.published_at, Post.id)
        .options(load_only(Post.author_id, Post.state, Post.title, Post.published_at, Post.updated_at))
        .options(selectinload(Post.co_authors), selectinload(Post.tags))
        .execution_options(populate_existing=True)
    )
    return [(post, known) for post, known in rows]


def _unnoticed_rows() -> Select[Post, News]:
    return (
        select(Post, News)
        .outerjoin(News, News.post_id == Post.id)
        .where(
            Post.state == PostState.PUBLISHED,
            APPEARED_HERE,
            or_(News.post_id.is_(None), News.is_hidden.is_(True)),
        )
    )


def _fresh(natural: datetime, passed: datetime | None, now: datetime) -> datetime:
    """When something appeared: as it says itself, or now if a letter has passed that instant already."""
    return natural if passed is None or natural > passed else max(now, passed + AN_INSTANT)


def _parts(ids: Collection[int]) -> Iterator[Sequence[int]]:
    """So many of them as one statement may name."""
    every = sorted(ids)
    return (every[start : start + AT_ONCE] for start in range(0, len(every), AT_ONCE))
