"""Writing a row down, unless somebody else did in the meantime."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm.exc import StaleDataError

from webapp.core.errors import Conflict
from webapp.core.words import later
from webapp.extensions import db
from webapp.posts.models import Post

CHANGED = later("This post has been changed since you opened it.")


def save(post: Post, now: datetime) -> None:
    post.updated_at = now
    flush()


def flush() -> None:
    try:
        db.session.flush()
    except StaleDataError:
        raise Conflict(CHANGED) from None
