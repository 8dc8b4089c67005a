"""Making the copies of a picture after it was sent, and putting away what nobody needs any more.

The row says what is missing, so a job that was lost or a worker that was killed costs a minute and nothing else. Each
copy is committed by itself. Until it is there, its address leads to the picture itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product
from typing import Any, cast

import structlog
from sqlalchemy import CursorResult, func, select, update
from sqlalchemy.exc import IntegrityError

from webapp.core import clock
from webapp.extensions import db
from webapp.images import pictures, queries, storage
from webapp.images.models import COPIES, Format, Image, Rendition

LEASE = timedelta(minutes=2)
AT_ONCE = 10
A_QUERY = 200
KEPT_AFTER_DELETION = timedelta(days=30)
UNKNOWN_FOR = timedelta(days=1)
"""A file without a row is that of an upload that is going on, or was cut off. After a day it is the latter."""

log = structlog.get_logger()


def finish(image_id: int) -> bool:
    """Makes what copies are missing, unless somebody else is at it. Commits."""
    if not _claim(image_id):
        return False
    image = db.session.get(Image, image_id)
    if image is None:
        return False
    file, key, widths, made = image.file, image.key, image.widths, queries.copies_of(image_id)
    db.session.rollback()  # a copy takes a second; nobody else should wait for us meanwhile
    missing = [(width, kind) for width, kind in product(widths, COPIES) if (width, kind) not in made]
    data = storage.here().read(file) if missing else b""
    for width, kind in missing:
        copy = pictures.smaller(data, width, kind)
        storage.here().write(f"{key}/{width}.{kind.ending}", copy)
        _note(image_id, width, kind, len(copy))
    _close(image_id, len(missing))
    return True


def finish_some(now: datetime) -> int:
    """A few of those whose job was lost or whose worker died. Says how many it finished."""
    waiting = queries.unfinished(now, AT_ONCE)
    db.session.rollback()
    finished = 0
    for image_id in waiting:
        try:
            finished += finish(image_id)
        except Exception:  # the next one shall not suffer from it
            log.exception("images.not_rendered", image=image_id)
            db.session.rollback()
    return finished


def tidy(now: datetime) -> int:
    """Purges what was deleted a month ago, and files that have no row. Says how many pictures it removed. Commits."""
    purged = [(each.id, each.key) for each in queries.deleted_before(now - KEPT_AFTER_DELETION, AT_ONCE * 10)]
    for image_id, _key in purged:
        image = db.session.get(Image, image_id)
        if image is not None and image.deleted_at is not None:
            db.session.delete(image)
    db.session.commit()
    return len(purged) + _remove_unknown([key for _id, key in purged], now)


def _remove_unknown(purged: list[str], now: datetime) -> int:
    for key in purged:
        storage.here().remove(key)
    removed = 0
    old = [folder for folder, changed in storage.here().folders() if changed < now - UNKNOWN_FOR]
    for start in range(0, len(old), A_QUERY):
        folders = old[start : start + A_QUERY]
        known = queries.known_keys(folders)
        db.session.rollback()
        for folder in set(folders) - known:
            storage.here().remove(folder)
            removed += 1
    return removed


def _claim(image_id: int) -> bool:
    now = clock.now()
    claimed = db.session.execute(
        update(Image)
        .where(Image.id == image_id, queries.is_unfinished(now))
        .values(lease_until=now + LEASE, attempts=Image.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return cast("CursorResult[Any]", claimed).rowcount == 1


def _note(image_id: int, width: int, kind: Format, size: int) -> None:
    try:
        db.session.add(Rendition(image_id=image_id, width=width, format=kind, bytes=size))
        db.session.commit()
    except IntegrityError:  # somebody whose lease ran out was slower than we thought, and wrote the same file
        db.session.rollback()


def _close(image_id: int, made: int) -> None:
    size = select(func.coalesce(func.sum(Rendition.bytes), 0)).where(Rendition.image_id == image_id).scalar_subquery()
    db.session.execute(
        update(Image)
        .where(Image.id == image_id, Image.rendered_at.is_(None))
        .values(rendered_at=clock.now(), lease_until=None, bytes=Image.bytes + size)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    log.info("images.rendered", image=image_id, copies=made)
