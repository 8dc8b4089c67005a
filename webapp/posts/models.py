"""Posts, the addresses they had, and what they are about."""

from __future__ import annotations

import enum
from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import Person
from webapp.core import clock
from webapp.core.db import Model, Timestamps, only_where, states


class PostState(enum.StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    TRASHED = "trashed"


post_tags = Table(
    "post_tags",
    Model.metadata,
    Column("post_id", ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Tag(Model):
    """A subject. ``slug`` is what stands in the address, ``name`` what is read."""

    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    slug: Mapped[str] = mapped_column(String(60), unique=True)


class Post(Timestamps, Model):
    """A text by someone.

    ``body`` is Markdown as typed; ``html`` is that body rendered and sanitised when it was saved, never when read.
    ``published_at`` is the instant it first appeared and stays when the post is edited, hidden or shown again: a
    digest window counts by it. ``version`` rises with each save, so that two editors cannot overwrite each other.
    ``publish_at`` is when a scheduled post is to appear. ``trashed_from`` is what a post in the trash was before.
    ``imported_at`` is when it was brought here from elsewhere: what had appeared by then is never mailed to anyone.
    """

    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    body: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    excerpt: Mapped[str] = mapped_column(Text)
    minutes: Mapped[int] = mapped_column(default=1)
    state: Mapped[PostState] = mapped_column(states(PostState), default=PostState.DRAFT)
    trashed_from: Mapped[PostState | None] = mapped_column(states(PostState))
    publish_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    imported_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    author: Mapped[Person] = relationship(lazy="raise")
    tags: Mapped[list[Tag]] = relationship(secondary=post_tags, order_by=Tag.name, lazy="raise")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy reads it from the class
    __table_args__ = (
        Index("ix_posts_published", "published_at", "id", **only_where("state = 'published'")),
        Index("ix_posts_author_published", "author_id", "published_at", "id", **only_where("state = 'published'")),
        Index("ix_posts_scheduled", "publish_at", **only_where("state = 'scheduled'")),
    )

    @property
    def is_public(self) -> bool:
        return self.state is PostState.PUBLISHED


class SlugRedirect(Model):
    """An address a post used to have, which still leads to it."""

    __tablename__ = "slug_redirects"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class Revision(Model):
    """A post as it was at one save that mattered: a publication, or an edit of a published post."""

    __tablename__ = "revisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
