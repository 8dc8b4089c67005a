"""Telling an engine elsewhere what has changed: from rows that were committed with the change, until it has answered.

The triggers write those rows while the site's setting ``search_elsewhere`` is there. Any number of dispatchers may
report the same row; the engine takes the latest report about a post and ignores what is older.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, insert, select

from webapp.extensions import db
from webapp.posts.models import Post, PostState
from webapp.search.engines import Engine
from webapp.search.models import Change
from webapp.settings.models import SiteSetting

SETTING = "search_elsewhere"
AT_ONCE = 200


def is_ready(place: str) -> bool:
    """Whether the engine at this place has heard of every post once, so that it may answer."""
    value = _value()
    return is_open_for(place) and value is not None and bool(value["is_ready"])


def is_open_for(place: str | None) -> bool:
    """Whether changes are written down for the engine at this place; for None, whether they are for nobody."""
    value = _value()
    return (value and value["place"]) == place


def is_anything_waiting() -> bool:
    return db.session.scalar(select(Change.id).limit(1)) is not None


def open_for(place: str, *, is_ready: bool) -> None:
    """From the commit on, every change is written down for the engine at this place."""
    value = {"place": place, "is_ready": is_ready}
    kept = db.session.get(SiteSetting, SETTING)
    if kept is None:
        db.session.add(SiteSetting(name=SETTING, value=value))
    else:
        kept.value = value
    db.session.flush()


def close() -> None:
    """Nobody elsewhere listens any more."""
    db.session.execute(delete(SiteSetting).where(SiteSetting.name == SETTING))
    db.session.execute(delete(Change))


def report_all() -> int:
    """Writes down every published post, as if it had changed. Returns the first number of these reports."""
    first = (db.session.scalar(insert(Change).values(post_id=0).returning(Change.id))) or 0
    db.session.execute(
        insert(Change).from_select(
            ["post_id"], select(Post.id).where(Post.state == PostState.PUBLISHED).order_by(Post.id)
        )
    )
    db.session.execute(delete(Change).where(Change.id == first))
    return first


def deliver(engine: Engine, limit: int = AT_ONCE) -> int:
    """Reports the oldest changes and says how many. Commits by itself: no lock is held while the engine works.

    Raises what the engine raises; then everything is still to be reported.
    """
    changes: Mapping[int, Any] = {
        row.id: row.post_id
        for row in db.session.execute(select(Change.id, Change.post_id).order_by(Change.id).limit(limit))
    }
    if changes:
        engine.refresh({post_id: number for number, post_id in changes.items()})
        db.session.execute(delete(Change).where(Change.id.in_(changes)))
    db.session.commit()
    return len(changes)


def _value() -> dict[str, Any] | None:
    return db.session.scalar(select(SiteSetting.value).where(SiteSetting.name == SETTING))
