"""Links to drafts: those that still work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.core import pagination, tokens
from webapp.extensions import db
from webapp.posts.models import Post, PostState, PreviewLink
from webapp.posts.queries.scopes import WITH_PEOPLE


def preview_links_of(post: Post, now: datetime) -> Sequence[PreviewLink]:
    """The links to a post that still work, the newest first, with who made them."""
    return db.session.scalars(
        select(PreviewLink)
        .where(PreviewLink.post_id == post.id, PreviewLink.expires_at > now)
        .options(joinedload(PreviewLink.person))
        .order_by(PreviewLink.id.desc())
    ).all()


def get_preview_link(post: Post, link_id: int) -> PreviewLink | None:
    if not 0 < link_id <= pagination.LARGEST_ID:
        return None
    return db.session.scalar(select(PreviewLink).where(PreviewLink.id == link_id, PreviewLink.post_id == post.id))


def previewed(secret: str, now: datetime) -> tuple[Post, datetime] | None:
    """The post that a link leads to, and until when it does; None once it is over, revoked or in the trash."""
    row = db.session.execute(
        select(Post, PreviewLink.expires_at)
        .options(*WITH_PEOPLE)
        .join(PreviewLink, PreviewLink.post_id == Post.id)
        .where(
            PreviewLink.token_hash == tokens.digest(secret),
            PreviewLink.expires_at > now,
            Post.state != PostState.TRASHED,
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1])
