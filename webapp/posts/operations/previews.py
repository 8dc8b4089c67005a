"""Links by which anyone may read a draft, for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete

from webapp.accounts.models import Person
from webapp.core import tokens
from webapp.core.errors import Refused
from webapp.core.words import _
from webapp.extensions import db
from webapp.posts import queries
from webapp.posts.models import Post, PreviewLink

DAYS = (1, 7, 30)
MOST_LINKS = 20


def share(post: Post, *, days: int, by: Person, now: datetime) -> tuple[PreviewLink, str]:
    """A new link to a post and the secret in it, which is nowhere else: the database keeps its digest."""
    if days not in DAYS:
        raise Refused("days", _("Choose 1, 7 or 30 days."))
    if post.is_public:
        raise Refused("", _("Everyone can read this post already."))
    if len(queries.preview_links_of(post, now)) >= MOST_LINKS:
        raise Refused("", _("This post has %(most)s links. Revoke one that nobody needs.", most=MOST_LINKS))
    secret = tokens.opaque()
    link = PreviewLink(
        post_id=post.id,
        person_id=by.id,
        token_hash=tokens.digest(secret),
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    db.session.add(link)
    db.session.flush()
    return link, secret


def revoke(link: PreviewLink) -> None:
    """Ends a link. Whoever follows it finds nothing."""
    db.session.delete(link)


def forget_expired(*, now: datetime) -> int:
    """Takes away the links that are over, and says how many."""
    over = delete(PreviewLink).where(PreviewLink.expires_at <= now).execution_options(synchronize_session=False)
    return cast("CursorResult[Any]", db.session.execute(over)).rowcount
