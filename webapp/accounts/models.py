"""People, the places they are signed in, and the tokens their programs carry."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, String, Text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core import clock
from webapp.core.db import SHOWN, Model, Timestamps, states


class Role(enum.StrEnum):
    """What someone may do. Each person has one; :data:`IMPLIED` says which others come with it."""

    READER = "reader"
    AUTHOR = "author"
    EDITOR = "editor"
    OPERATOR = "operator"
    ADMIN = "admin"


IMPLIED: dict[Role, frozenset[Role]] = {
    Role.READER: frozenset({Role.READER}),
    Role.AUTHOR: frozenset({Role.READER, Role.AUTHOR}),
    Role.EDITOR: frozenset({Role.READER, Role.AUTHOR, Role.EDITOR}),
    Role.OPERATOR: frozenset({Role.READER, Role.OPERATOR}),
    Role.ADMIN: frozenset(Role),
}


class Person(Timestamps, Model):
    """Someone with an account. Nothing but the confirmation goes to ``email`` before that is confirmed.

    ``language`` is that of their pages and their mail; None follows the browser, and the site in mail.
    ``wants_review_mail`` is whether they are written to when it is their turn in a review.
    """

    __tablename__ = "people"
    __table_args__ = {"info": SHOWN}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    email_confirmed_at: Mapped[datetime | None]
    name: Mapped[str] = mapped_column(String(80))
    handle: Mapped[str] = mapped_column(String(40), unique=True)
    bio: Mapped[str] = mapped_column(Text, default="")
    website: Mapped[str] = mapped_column(String(2000), default="", server_default="")
    zone: Mapped[str] = mapped_column(String(64))
    language: Mapped[str | None] = mapped_column(String(12))
    role: Mapped[Role] = mapped_column(states(Role), default=Role.READER)
    wants_review_mail: Mapped[bool] = mapped_column(default=True, server_default=true())
    password_hash: Mapped[str] = mapped_column(String(100))

    sign_in_token = cast("str | None", None)
    """The secret of the sign-in that this request came with; known only where it was read from a cookie."""

    # what Flask-Login asks of whoever is here
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str | None:
        """What the cookie holds: the sign-in's secret, never who it is."""
        return self.sign_in_token

    def is_allowed(self, role: Role) -> bool:
        """Whether this person has ``role``, by name or because theirs implies it."""
        return role in IMPLIED[self.role]

    @property
    def is_confirmed(self) -> bool:
        return self.email_confirmed_at is not None

    @property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


class Registration(Model):
    """What someone typed to get an account, until the link in their mail shows that the address is theirs.

    Each link confirms the name and the password that were typed with it and no others: whoever registers with a
    stranger's address, before or after the stranger does, gains nothing. ``password_hash`` is ``passwords.UNUSABLE``
    for a person made on the command line, who chooses one when they confirm.
    """

    __tablename__ = "registrations"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), index=True)
    name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str] = mapped_column(String(100))
    zone: Mapped[str] = mapped_column(String(64))
    language: Mapped[str | None] = mapped_column(String(12))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class SignIn(Model):
    """One browser in which someone is signed in. Deleting the row signs it out, wherever the cookie went."""

    __tablename__ = "sign_ins"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(64), default="")
    browser: Mapped[str] = mapped_column(String(300), default="")

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)


class Scope(enum.StrEnum):
    """What a token lets a program do."""

    POSTS_READ = "posts:read"
    POSTS_WRITE = "posts:write"
    REMINDERS_READ = "reminders:read"
    REMINDERS_WRITE = "reminders:write"
    SUBSCRIPTIONS_READ = "subscriptions:read"
    SUBSCRIPTIONS_WRITE = "subscriptions:write"
    COMMENTS_READ = "comments:read"
    COMMENTS_WRITE = "comments:write"
    OPERATOR = "operator"


class ApiToken(Model):
    """A bearer token, kept as its SHA-256 only. It never allows more than its person may do."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    revoked_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
