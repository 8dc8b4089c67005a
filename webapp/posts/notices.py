"""Who hears by mail of a post: whoever has to act next in its review, or has waited for it; and a new author of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from webapp.accounts import queries as people
from webapp.accounts.models import Person, Role
from webapp.core.words import mark
from webapp.extensions import db
from webapp.mail import operations as mail
from webapp.mail import queries as ledger
from webapp.mail.models import Kind
from webapp.posts import mails, queries
from webapp.posts.models import Post, ReviewNote, ReviewState, ReviewStep

WORTH_SENDING = timedelta(days=2)


def told(note: ReviewNote, post: Post, *, by: Person, now: datetime) -> None:
    """Writes to those whose turn it is. A question that is settled is asked no more, if there is time."""
    db.session.flush()
    if note.step is not ReviewStep.SUBMITTED:
        _ask_no_more(post, why=mark("the review was settled"), now=now)
    _tell(note, post, by, now)


def keep_back(post: Post, *, why: str, now: datetime) -> None:
    """Nobody needs to do anything about a post, at least for now: what has not gone yet does not."""
    if post.review_state is ReviewState.WAITING:
        _ask_no_more(post, why=why, now=now)
    mail.cancel_waiting(keys_with=f"author:{post.id}:", reason=why, now=now)


def let_go(post: Post, *, by: Person, now: datetime) -> None:
    """They do after all: who was kept from being told is told. Nobody is told twice."""
    asked = queries.last_asked(post) if post.review_state is ReviewState.WAITING else None
    if asked is not None:
        _tell(asked, post, people.by_id(asked.person_id or 0) or by, now)
    for person in queries.authors_of(post):
        if ledger.cancelled_with(_author_stem(post, person)):
            became_author(post, person, by=by, now=now)


def became_author(post: Post, person: Person, *, by: Person, now: datetime) -> None:
    """Writes to somebody who may write a post from now on: once, however often they are taken out and in again."""
    if person.id == by.id or not person.wants_review_mail:
        return
    stem = _author_stem(post, person)
    mail.enqueue(
        kind=Kind.REVIEW,
        address=person.email,
        content=mails.of_authorship(post, by, person),
        dedupe_key=f"{stem}{ledger.cancelled_with(stem)}",
        person_id=person.id,
        now=now,
        expires_at=now + WORTH_SENDING,
    )


def is_no_author(post: Post, person: Person, *, now: datetime) -> None:
    """They are not to write it after all: who has not been told yet is not."""
    mail.cancel_waiting(keys_with=_author_stem(post, person), reason=mark("they are no author of it any more"), now=now)


def _ask_no_more(post: Post, *, why: str, now: datetime) -> None:
    asked = queries.last_asked(post)
    if asked is not None:
        mail.cancel_waiting(keys_with=_stem(asked), reason=why, now=now)


def _tell(note: ReviewNote, post: Post, by: Person, now: datetime) -> None:
    for person in _concerned(note, post, by):
        mail.enqueue(
            kind=Kind.REVIEW,
            address=person.email,
            content=mails.of_review(note, post, by, person),
            dedupe_key=_key(note, person),
            person_id=person.id,
            now=now,
            expires_at=now + WORTH_SENDING,
        )


def _concerned(note: ReviewNote, post: Post, by: Person) -> Sequence[Person]:
    if note.step is ReviewStep.WITHDRAWN:
        return []
    authors = queries.authors_of(post)
    if note.step is ReviewStep.SUBMITTED:
        theirs = [each for each in people.editors() if each not in authors]
    else:
        theirs = [each for each in authors if each.is_confirmed and each.is_allowed(Role.AUTHOR)]
    return [each for each in theirs if each.wants_review_mail and each.id != by.id]


def _author_stem(post: Post, person: Person) -> str:
    return f"author:{post.id}:{person.id}:"


def _stem(note: ReviewNote) -> str:
    return f"review:{note.id}:"


def _key(note: ReviewNote, person: Person) -> str:
    """One for each time that the mail was cancelled before it went, so that it goes once in the end."""
    stem = f"{_stem(note)}{person.id}:"
    return f"{stem}{ledger.cancelled_with(stem)}"
