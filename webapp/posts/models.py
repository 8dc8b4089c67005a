"""Posts, the addresses they had, and what they are about."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import Person
from webapp.core import clock
from webapp.core.db import SHOWN, Model, Timestamps, UTCDateTime, only_where, states
from webapp.images.models import Image


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
    info=SHOWN,
)


co_authors = Table(
    "co_authors",
    Model.metadata,
    Column("post_id", ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("added_at", UTCDateTime(), nullable=False, default=clock.now),
    info=SHOWN,
)
"""Who writes a post with its author, in the order in which they were asked."""


class Tag(Model):
    """A subject. ``slug`` is what stands in the address, ``name`` what is read."""

    __tablename__ = "tags"
    __table_args__ = {"info": SHOWN}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    slug: Mapped[str] = mapped_column(String(60), unique=True)


class ReviewState(enum.StrEnum):
    """Where a post stands with the editors; one that nobody was asked about has none."""

    WAITING = "waiting"
    CHANGES = "changes"
    APPROVED = "approved"


class Post(Timestamps, Model):
    """A text by someone.

    ``body`` is Markdown as typed; ``html`` is that body rendered and sanitised when it was saved, never when read.
    ``published_at`` is the instant it first appeared and stays when the post is edited, hidden or shown again: a
    digest window counts by it. ``version`` rises with each save, so that two editors cannot overwrite each other.
    ``publish_at`` is when a scheduled post is to appear. ``trashed_from`` is what a post in the trash was before, and
    ``trashed_at`` since when it is there. ``excerpt`` is what is shown: ``own_excerpt`` if there is one, else the
    beginning of the text. ``canonical_url`` is where the text stood first, if that is another site. ``begun_as`` names
    the page that a post was begun on, so that a first save that arrives twice makes one post. ``cover_id`` is
    the picture at its head.
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
    own_excerpt: Mapped[str] = mapped_column(Text, default="", server_default="")
    canonical_url: Mapped[str] = mapped_column(String(2000), default="", server_default="")
    minutes: Mapped[int] = mapped_column(default=1)
    state: Mapped[PostState] = mapped_column(states(PostState), default=PostState.DRAFT)
    trashed_from: Mapped[PostState | None] = mapped_column(states(PostState))
    trashed_at: Mapped[datetime | None]
    review_state: Mapped[ReviewState | None] = mapped_column(states(ReviewState))
    publish_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    imported_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    begun_as: Mapped[str | None] = mapped_column(String(40))
    cover_id: Mapped[int | None] = mapped_column(ForeignKey("images.id", ondelete="SET NULL"))

    author: Mapped[Person] = relationship(lazy="raise")
    co_authors: Mapped[list[Person]] = relationship(
        secondary=co_authors, order_by=(co_authors.c.added_at, co_authors.c.person_id), lazy="raise", viewonly=True
    )
    cover: Mapped[Image | None] = relationship(lazy="raise", viewonly=True)
    tags: Mapped[list[Tag]] = relationship(secondary=post_tags, order_by=Tag.name, lazy="raise")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy reads it from the class
    __table_args__ = (
        Index("ix_posts_published", "published_at", "id", **only_where("state = 'published'")),
        Index("ix_posts_author_published", "author_id", "published_at", "id", **only_where("state = 'published'")),
        Index("ix_posts_scheduled", "publish_at", **only_where("state = 'scheduled'")),
        Index("ix_posts_begun_as", "author_id", "begun_as", unique=True, **only_where("begun_as IS NOT NULL")),
        Index("ix_posts_trashed", "trashed_at", **only_where("state = 'trashed'")),
        Index("ix_posts_waiting", "id", **only_where("review_state = 'waiting'")),
        {"info": SHOWN},
    )

    @property
    def is_public(self) -> bool:
        return self.state is PostState.PUBLISHED

    @property
    def authors(self) -> list[Person]:
        """Everyone in the byline, the one whose post it is first."""
        return [self.author, *self.co_authors]


class SlugRedirect(Model):
    """An address a post used to have, which still leads to it."""

    __tablename__ = "slug_redirects"
    __table_args__ = {"info": SHOWN}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class WorkingCopy(Timestamps, Model):
    """What someone has typed into the editor of a post and not saved: nobody else sees it, readers least of all.

    ``fields`` is the form as it stood, by name. ``post_version`` is the version it was made from; ``version`` rises
    with each autosave, so that two tabs of one person cannot overwrite each other. One that was thrown away stays
    until the next, for whoever regrets it.
    """

    __tablename__ = "working_copies"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    fields: Mapped[dict[str, Any]]
    post_version: Mapped[int]
    thrown_away_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy reads it from the class
    __table_args__ = (UniqueConstraint("post_id", "person_id"),)


class RevisionReason(enum.StrEnum):
    """Why a post's words were kept."""

    SAVED = "saved"
    PUBLISHED = "published"
    RESTORED = "restored"


class Revision(Model):
    """A post as it was at a save that mattered. The newest one is what the post says.

    ``created_at`` is the first save that went into it, ``saved_at`` the last one, where there were several: an author
    who writes a draft saves every few seconds.
    """

    __tablename__ = "revisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    reason: Mapped[RevisionReason] = mapped_column(
        states(RevisionReason), default=RevisionReason.SAVED, server_default=RevisionReason.SAVED.value
    )
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    saved_at: Mapped[datetime | None]

    person: Mapped[Person | None] = relationship(lazy="raise")

    @property
    def at(self) -> datetime:
        """The last moment at which the post said this and was being changed."""
        return self.saved_at or self.created_at


class PreviewLink(Model):
    """A link by which anyone may read a post that is not public, until it is over. Deleting the row revokes it."""

    __tablename__ = "preview_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]

    person: Mapped[Person | None] = relationship(lazy="raise")


class ReviewStep(enum.StrEnum):
    """What happened to a post between its author and the editors."""

    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"
    CHANGES = "changes"
    APPROVED = "approved"


class ReviewNote(Model):
    """One step of a review, by whom, and what they said; rows are only ever added."""

    __tablename__ = "review_notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"))
    step: Mapped[ReviewStep] = mapped_column(states(ReviewStep))
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    post: Mapped[Post] = relationship(lazy="raise")
    person: Mapped[Person | None] = relationship(lazy="raise")
