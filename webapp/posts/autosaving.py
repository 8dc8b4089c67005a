"""What is typed is kept before anybody presses a button.

A draft is saved where it stands. What readers see, or will see at a set time, is not touched: the words wait in a
working copy, one a post and person, until they are saved or thrown away. So do the words of a draft that do not fit
it yet, such as an address that is taken. Nothing here writes a revision.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from webapp.accounts.models import Person
from webapp.core import markdown, text
from webapp.core.errors import Conflict, Refused
from webapp.core.markdown.excerpts import shorten
from webapp.core.words import _, later
from webapp.extensions import db
from webapp.posts import operations, queries
from webapp.posts.models import Post, PostState, WorkingCopy

LONGEST_FIELD = 5_000
"""Characters of any field but the text: more than any of them takes once it is saved."""
MOST_FIELDS = 40
FIRST_WORDS = 60
"""Columns of what a draft is called by while it has no title."""

IN_ANOTHER_TAB = later("You have other unsaved changes to this post.")


@dataclass(frozen=True)
class Typed:
    """The form as it stands. ``fields`` is all of it by name, the rest what a draft has room for; None was not sent."""

    fields: Mapping[str, str]
    title: str | None
    body: str | None
    tags: list[str] | None
    slug: str | None


@dataclass(frozen=True)
class Kept:
    """Where the words are. ``copy`` is None when they are in the draft itself; ``refused`` says what does not fit."""

    post: Post
    copy: WorkingCopy | None = None
    refused: Refused | None = None


def begin(typed: Typed, *, by: Person, now: datetime, begun_as: str | None) -> Kept | None:
    """A new draft of what is typed so far; None while nothing is.

    It needs no title yet. Raises :class:`Refused` only for ``body``.
    """
    body, title = typed.body or "", (typed.title or "").strip()
    if not body.strip() and not title:
        return None
    refused = None
    try:
        with db.session.begin_nested():
            post = operations.write(
                author=by,
                title=title or _first_words(body, now),
                body=body,
                tags=typed.tags or [],
                slug=typed.slug,
                now=now,
                begun_as=begun_as,
            )
    except Refused as refusal:
        if refusal.field == "body":
            raise
        refused = refusal
        with db.session.begin_nested():
            post = operations.write(
                author=by, title=_first_words(body, now), body=body, tags=[], slug=None, now=now, begun_as=begun_as
            )
    return Kept(post) if refused is None else Kept(post, _write_copy(None, post, typed, by, now), refused)


def keep(post: Post, typed: Typed, *, by: Person, now: datetime, version: int | None, seen_copy: int) -> Kept:
    """Keeps what is typed: in the draft, or beside what is published, scheduled or does not fit.

    ``version`` is that of the post the page was made from, ``seen_copy`` that of the working copy it shows (0: none).
    Raises :class:`Conflict` when either has changed meanwhile, :class:`Refused` for what cannot be kept at all.
    """
    if version != post.version or post.state is PostState.TRASHED:
        raise Conflict(operations.CHANGED)
    copy = queries.working_copy(by, post)
    if copy is not None and copy.thrown_away_at is None and copy.version != seen_copy:
        raise Conflict(IN_ANOTHER_TAB)
    if post.state is not PostState.DRAFT:
        return Kept(post, _write_copy(copy, post, typed, by, now))
    try:
        with db.session.begin_nested():
            _save(post, typed, by, now)
    except Refused as refused:
        db.session.refresh(post)
        return Kept(post, _write_copy(copy, post, typed, by, now), refused)
    if copy is not None:
        db.session.delete(copy)
    return Kept(post)


def settle(post: Post, *, by: Person, seen_copy: int) -> None:
    """After a save: the working copy it came from has done its work. One that the page did not show stays."""
    copy = queries.working_copy(by, post)
    if copy is not None and (copy.version == seen_copy or copy.thrown_away_at is not None):
        db.session.delete(copy)


def throw_away(copy: WorkingCopy, *, now: datetime) -> None:
    """Offers a working copy no more. :func:`take_back` does again, until something else is typed."""
    copy.thrown_away_at = now


def take_back(copy: WorkingCopy) -> None:
    copy.thrown_away_at = None


def _save(post: Post, typed: Typed, by: Person, now: datetime) -> None:
    title = typed.title if (typed.title or "").strip() else None
    operations.edit(
        post,
        by=by,
        now=now,
        version=None,
        title=title,
        body=typed.body,
        tags=typed.tags,
        slug=typed.slug,
        follows_title=True,
    )


def _write_copy(copy: WorkingCopy | None, post: Post, typed: Typed, by: Person, now: datetime) -> WorkingCopy:
    fields = _fit_to_keep(typed.fields)
    if copy is None:
        copy = WorkingCopy(post_id=post.id, person_id=by.id, created_at=now)
    copy.fields, copy.post_version, copy.updated_at, copy.thrown_away_at = fields, post.version, now, None
    try:
        with db.session.begin_nested():
            db.session.add(copy)
    except (IntegrityError, StaleDataError):  # another tab was first
        raise Conflict(IN_ANOTHER_TAB) from None
    return copy


def _fit_to_keep(fields: Mapping[str, str]) -> dict[str, str]:
    """As typed, but nothing that a database cannot hold, and no more than a post could."""
    if len(fields) > MOST_FIELDS:
        raise Refused("", _("That is no form of ours."))
    longest = {"body": markdown.LONGEST}
    return {
        name: text.many_lines(value, field=name, longest=longest.get(name, LONGEST_FIELD))
        for name, value in fields.items()
    }


def _first_words(body: str, now: datetime) -> str:
    """What a draft without a title is called: its first words, or its day."""
    words = " ".join(markdown.render(body).excerpt.split())
    plain = "".join(character for character in words if unicodedata.category(character)[0] != "C")
    return shorten(plain, FIRST_WORDS) or f"{now:%Y-%m-%d}"
