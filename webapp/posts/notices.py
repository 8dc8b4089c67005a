"""Who hears by mail of a step in a review: whoever has to act next, or has waited for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from webapp.accounts.models import Person, Role
from webapp.extensions import db
from webapp.mail import operations as mail
from webapp.mail.models import Kind
from webapp.posts import mails, queries
from webapp.posts.models import Post, ReviewNote, ReviewStep

WORTH_SENDING = timedelta(days=2)


def told(note: ReviewNote, post: Post, *, by: Person, now: datetime) -> None:
    """Writes to those whose turn it is. A question that is settled is asked no more, if there is time."""
    db.session.flush()
    if note.step is not ReviewStep.SUBMITTED:
        _ask_no_more(post, now)
    for person in _concerned(note, post, by):
        mail.enqueue(
            kind=Kind.REVIEW,
            address=person.email,
            content=mails.of_review(note, post, by, person),
            dedupe_key=_key(note.id, person),
            person_id=person.id,
            now=now,
            expires_at=now + WORTH_SENDING,
        )


def _concerned(note: ReviewNote, post: Post, by: Person) -> Sequence[Person]:
    if note.step is ReviewStep.WITHDRAWN:
        return []
    authors = queries.authors_of(post)
    if note.step is ReviewStep.SUBMITTED:
        people = [each for each in queries.editors() if each not in authors]
    else:
        people = [each for each in authors if each.is_confirmed and each.is_allowed(Role.AUTHOR)]
    return [each for each in people if each.wants_review_mail and each.id != by.id]


def _ask_no_more(post: Post, now: datetime) -> None:
    asked = queries.last_asked(post)
    if asked is None:
        return
    for person in queries.editors():
        mail.cancel_waiting(dedupe_key=_key(asked.id, person), reason="the review was settled", now=now)


def _key(note_id: int, person: Person) -> str:
    return f"review:{note_id}:{person.id}"
