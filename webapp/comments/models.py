"""Comments, the posts whose conversation somebody opened or closed, and who wants to hear no more of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import Person
from webapp.core.db import SHOWN, Model, Timestamps, only_where, states
from webapp.posts.models import Post


class CommentState(enum.StrEnum):
    """Where a comment is. Only a published one is seen by others, and counted."""

    UNCONFIRMED = "unconfirmed"
    PENDING = "pending"
    PUBLISHED = "published"
    SPAM = "spam"
    TRASHED = "trashed"
    REMOVED = "removed"


class Reason(enum.StrEnum):
    """Why a comment is not published at once."""

    SITE = "site"
    LINKS = "links"
    REPEATED = "repeated"
    NO_PROOF = "no-proof"
    TRAP = "trap"


@dataclass(frozen=True)
class Writer:
    """Whoever said something: a member has a handle, a visitor none."""

    name: str
    handle: str | None


class Comment(Timestamps, Model):
    """Something said about a post, by a member or by a visitor.

    ``body`` is Markdown as typed; ``html`` is that body rendered and sanitised when it was saved. A member's comment
    has a ``person_id`` and no ``address``; a visitor's has the ``address`` that its writer confirmed at
    ``address_confirmed_at``. ``name`` is who they were when they said it, ``language``
    the one they read then, for mail to them. ``parent_id`` is what it answers. ``held``
    says why it waits. ``was`` is the state before the last decision, for taking that back. ``words_hash`` finds the
    same words again; ``sent_key`` and ``proof_key`` are unique, so that a form is good for one comment. ``told_in``
    names the mail that tells those who look after the post.
    """

    __tablename__ = "comments"

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id", ondelete="SET NULL"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="SET NULL"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(254), default="", index=True)
    address_confirmed_at: Mapped[datetime | None]
    language: Mapped[str | None] = mapped_column(String(12))
    body: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    state: Mapped[CommentState] = mapped_column(states(CommentState))
    was: Mapped[CommentState | None] = mapped_column(states(CommentState))
    held: Mapped[list[str]] = mapped_column(default=list)
    wants_replies: Mapped[bool] = mapped_column(default=False)
    words_hash: Mapped[str] = mapped_column(String(64), index=True)
    sent_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    proof_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    told_in: Mapped[str | None] = mapped_column(String(60), index=True)
    published_at: Mapped[datetime | None]
    edited_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]

    person: Mapped[Person | None] = relationship(lazy="raise")
    post: Mapped[Post] = relationship(lazy="raise")

    __table_args__ = (
        Index("ix_comments_post", "post_id", "created_at", "id"),
        Index("ix_comments_published", "post_id", **only_where("state = 'published'")),
        Index("ix_comments_state", "state", "created_at", "id"),
        {"info": SHOWN},
    )

    @property
    def is_public(self) -> bool:
        return self.state is CommentState.PUBLISHED

    @property
    def said_by(self) -> str:
        """What its writer is called: a member as they are called now."""
        return self.person.name if self.person else self.name

    @property
    def author(self) -> Writer:
        """Its writer as others see them."""
        return Writer(self.said_by, self.person.handle if self.person else None)


class Conversation(Model):
    """That somebody opened or closed the comments of a post by hand; without a row the site's rule holds."""

    __tablename__ = "conversations"
    __table_args__ = {"info": SHOWN}  # noqa: RUF012

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    is_open: Mapped[bool]
    changed_at: Mapped[datetime]


class Subject(enum.StrEnum):
    """What a notice is about: an answer to what one said, or what others say about one's own posts."""

    REPLIES = "replies"
    POSTS = "posts"


class Mute(Model):
    """Somebody, a member or an address, who wants no more notices: about one post, or (no post) at all."""

    __tablename__ = "comment_mutes"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[Subject] = mapped_column(states(Subject))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    address: Mapped[str] = mapped_column(String(254), default="", index=True)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
