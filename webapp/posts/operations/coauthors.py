"""Who writes a post together with its author."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError

from webapp.accounts import queries as people
from webapp.accounts.models import Person, Role
from webapp.core.errors import Refused
from webapp.core.words import _, later
from webapp.extensions import db
from webapp.posts import notices
from webapp.posts.models import Post, co_authors

MOST_CO_AUTHORS = 9
UNKNOWN = later("We know no author by that name. Give a handle such as @mira, or the address they have confirmed.")


def add(post: Post, who: str, *, by: Person, now: datetime) -> Person:
    """Lets another author write with this post's, puts them into the byline and tells them. Raises :class:`Refused`
    for ``who``.

    The same answer for a stranger, for a reader and for an address nobody has confirmed: it tells nobody apart.
    """
    person = _author_called(who.strip())
    if person is None:
        raise Refused("who", UNKNOWN)
    if person in post.authors:
        raise Refused("who", _("%(name)s is an author of this post already.", name=person.name))
    if len(post.co_authors) >= MOST_CO_AUTHORS:
        raise Refused("who", _("A post has up to %(most)s authors.", most=MOST_CO_AUTHORS + 1))
    try:
        with db.session.begin_nested():
            db.session.execute(insert(co_authors).values(post_id=post.id, person_id=person.id, added_at=now))
    except IntegrityError:
        return person  # by a second press of the same button
    _note_change(post, now)
    notices.became_author(post, person, by=by, now=now)
    return person


def remove(post: Post, person: Person, *, by: Person, now: datetime) -> None:  # noqa: ARG001  # as its siblings
    """Takes someone out of the byline; they write here no more."""
    db.session.execute(delete(co_authors).where(co_authors.c.post_id == post.id, co_authors.c.person_id == person.id))
    _note_change(post, now)
    notices.is_no_author(post, person, now=now)


def _author_called(who: str) -> Person | None:
    person = people.by_email(who) if "@" in who.removeprefix("@") else people.by_handle(who.removeprefix("@").lower())
    return person if person is not None and person.is_confirmed and person.is_allowed(Role.AUTHOR) else None


def _note_change(post: Post, now: datetime) -> None:
    """Feeds show the byline, so the post has changed; its words have not, so its version stays."""
    db.session.execute(
        update(Post).where(Post.id == post.id).values(updated_at=now).execution_options(synchronize_session=False)
    )
    db.session.expire(post, ["updated_at", "co_authors"])
