"""What a post said at each save that mattered."""

from __future__ import annotations

from datetime import datetime

from webapp.accounts.models import Person
from webapp.extensions import db
from webapp.posts.models import Post, Revision


def keep(post: Post, by: Person, now: datetime) -> None:
    db.session.add(Revision(post_id=post.id, person_id=by.id, title=post.title, body=post.body, created_at=now))
