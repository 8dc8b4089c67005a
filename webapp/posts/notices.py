"""Who hears by mail of a step in a review: whoever has to act next, or has waited for it."""

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
from webapp.posts.models import Post, ReviewNote, ReviewStep

WORTH_SENDING = timedelta(days=2)


def told(note: ReviewNote, post: Post, *, by: Person, now: datetime) -> None:
    """Writes to those whose turn it is. A question that is settled is asked no more, if there is time."""
    db.session.flush()
    if note.step is not ReviewStep.SUBMITTED:
        asked_no_more(post, why=mark("the review was settled"), now=now)
    _tell(note, post, by, now)


def asked_no_more(post: Post, *, why: str, now: datetime) -> None:
    """A post needs no answer of the editors, at least for now: who has not been asked yet is not."""
    asked = queries.last_asked(post)
    if asked is not None:
        mail.cancel_waiting(keys_with=_stem(asked), reason=why, now=now)


def asked_again(post: Post, *, now: datetime) -> None:
    """It does need one after all: who was kept from being asked is asked. Nobody is asked twice."""
    asked = queries.last_asked(post)
    if asked is not None:
        _tell(asked, post, people.by_id(asked.person_id or 0) or post.author, now)


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


def _stem(note: ReviewNote) -> str:
    return f"review:{note.id}:"


def _key(note: ReviewNote, person: Person) -> str:
    """One for each time that the mail was cancelled before it went, so that it goes once in the end."""
    stem = f"{_stem(note)}{person.id}:"
    return f"{stem}{ledger.cancelled_with(stem)}"
