"""What somebody has begun to write and not saved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from webapp.accounts.models import Person
from webapp.extensions import db
from webapp.posts.models import Post, WorkingCopy
from webapp.posts.queries.scopes import editable_by


def begun_as(person: Person, page: str | None) -> Post | None:
    """The post that a person began on this page of the editor, if its first save has arrived."""
    if page is None:
        return None
    return db.session.scalar(
        editable_by(person, or_trashed=True).where(Post.author_id == person.id, Post.begun_as == page)
    )


def unsaved_by(person: Person) -> Mapping[int, datetime]:
    """The posts of which a person has a working copy, and since when."""
    rows = db.session.execute(
        select(WorkingCopy.post_id, WorkingCopy.updated_at).where(
            WorkingCopy.person_id == person.id, WorkingCopy.thrown_away_at.is_(None)
        )
    )
    return {row.post_id: row.updated_at for row in rows}


def working_copy(person: Person, post: Post) -> WorkingCopy | None:
    """What a person has typed into the editor of a post and not saved, thrown away or not."""
    return db.session.scalar(
        select(WorkingCopy).where(WorkingCopy.post_id == post.id, WorkingCopy.person_id == person.id)
    )
