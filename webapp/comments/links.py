"""The signed links in mails about comments. None needs an account, each is good for one thing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from webapp.accounts.models import Person
from webapp.comments.models import Comment, Subject
from webapp.core import tokens
from webapp.core.urls import absolute

CONFIRM = "comments.confirm"
DECIDE = "comments.decide"
MUTE = "comments.mute"
CONFIRM_WITHIN = timedelta(days=3)
DECIDE_WITHIN = timedelta(days=14)


def confirm_url(comment: Comment) -> str:
    """Shows that the address is its writer's, and lets them look after it; used up by the comment being gone."""
    return absolute("comments.confirm", token=tokens.sign(CONFIRM, [comment.id, _of_writer(comment)]))


def is_meant(comment: Comment, looks: str) -> bool:
    """Whether a link to confirm was made for this comment, with these words where an older program made it."""
    return looks in {_of_writer(comment), tokens.fingerprint(comment.address, comment.body)}


def to_confirm(token: str) -> tuple[int, str] | None:
    """The comment that a link confirms, and what it must look like; None when it is forged or too old."""
    match tokens.read(CONFIRM, token, max_age=CONFIRM_WITHIN):
        case [int(comment_id), str(looks)]:
            return comment_id, looks
    return None


def _of_writer(comment: Comment) -> str:
    """The same however often the words are changed."""
    return tokens.fingerprint(comment.address, comment.created_at.isoformat())


@dataclass(frozen=True)
class Decision:
    """What a link in a moderator's mail is about, for whom it was made, and the comment's look at that time."""

    comment_id: int
    person_id: int
    looks: str


def decide_url(comment: Comment, person: Person) -> str:
    """Used up as soon as the comment changes."""
    return absolute("comments.decide", token=tokens.sign(DECIDE, [comment.id, person.id, looks(comment)]))


def to_decide(token: str) -> Decision | None:
    match tokens.read(DECIDE, token, max_age=DECIDE_WITHIN):
        case [int(comment_id), int(person_id), str(seen)]:
            return Decision(comment_id, person_id, seen)
    return None


def looks(comment: Comment) -> str:
    """Differs once a comment has been decided about or changed."""
    return tokens.fingerprint(comment.state, comment.body)


@dataclass(frozen=True)
class Hearer:
    """Who a notice went to, what it was about, and on which post."""

    subject: Subject
    person_id: int | None
    address: str
    post_id: int


def mute_url(hearer: Hearer) -> str:
    """Never expires: whoever finds an old notice can still stop them."""
    return absolute("comments.mute", token=mute_token(hearer))


def mute_token(hearer: Hearer) -> str:
    return tokens.sign(MUTE, [hearer.subject, hearer.person_id or 0, hearer.address, hearer.post_id])


def to_mute(token: str) -> Hearer | None:
    match tokens.read(MUTE, token, max_age=None):
        case [str(subject), int(person_id), str(address), int(post_id)] if subject in set(Subject):
            return Hearer(Subject(subject), person_id or None, address, post_id)
    return None
