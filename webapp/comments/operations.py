"""Saying something, changing and removing it, and deciding about what others said.

Whoever calls has loaded post and comment through a query of what ``by`` may see or decide, and commits.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, delete, update
from sqlalchemy.exc import IntegrityError

from webapp.accounts.models import Person
from webapp.audit import operations as audit
from webapp.comments import notices, policy, queries, rendering, spam
from webapp.comments.models import Comment, CommentState, Conversation, Reason
from webapp.comments.policy import Policy, Welcome
from webapp.comments.spam import Sending
from webapp.core import text, tokens
from webapp.core.errors import Refused
from webapp.core.words import _, later
from webapp.extensions import db
from webapp.posts.models import Post

LONGEST_NAME = 80
LONGEST_KEY = 200
EDIT_WITHIN = timedelta(minutes=10)
UNCONFIRMED_FOR = timedelta(days=7)
REMOVED_FOR = timedelta(days=7)
CLOSED = later("Comments on this post are closed.")


class Verdict(enum.StrEnum):
    """What a moderator decides."""

    PUBLISH = "publish"
    SPAM = "spam"
    TRASH = "trash"


DECIDED = {
    Verdict.PUBLISH: CommentState.PUBLISHED,
    Verdict.SPAM: CommentState.SPAM,
    Verdict.TRASH: CommentState.TRASHED,
}


@dataclass(frozen=True)
class Speaker:
    """Who says something: a member, or a visitor with a name and an address, which may be confirmed already."""

    person: Person | None = None
    name: str = ""
    address: str = ""
    is_confirmed: bool = False
    language: str | None = None

    @classmethod
    def member(cls, person: Person) -> Speaker:
        return cls(person=person, name=person.name, is_confirmed=person.is_confirmed, language=person.language)

    @classmethod
    def visitor(cls, name: str, email: str, *, confirmed: str = "", language: str | None = None) -> Speaker:
        """``confirmed`` is the address that this browser has confirmed. Raises :class:`Refused`."""
        name = text.one_line(name, field="name", longest=LONGEST_NAME)
        address = text.address(email)
        return cls(name=name, address=address, is_confirmed=address == confirmed, language=language)


def is_open(post: Post, rules: Policy, *, now: datetime) -> bool:
    """Whether something can still be said about a post: by hand, else by the site's rule."""
    by_hand = queries.conversation_of(post)
    if by_hand is not None:
        return by_hand.is_open
    closes_at = rules.closes_at(post)
    return closes_at is None or now < closes_at


def say(
    post: Post,
    *,
    by: Speaker,
    body: str,
    parent: Comment | None = None,
    wants_replies: bool = False,
    sending: Sending | None = None,
    form_key: str = "",
    now: datetime,
) -> Comment:
    """A new comment, or the one that the form with this ``form_key`` has made already.

    It is published, waits for a moderator, or waits for its writer to confirm their address, by what the site's rules
    and the checks say. Raises :class:`Refused` for ``body``, ``email``, or the whole when comments are closed.
    """
    rules, sending = policy.current(), sending or Sending()
    sent_key = _sent_key(form_key, by)
    if sent_key and (made := queries.get_sent(sent_key)):
        return made
    if not is_open(post, rules, now=now):
        raise Refused("", CLOSED)
    comment = _new(post, by, body, parent, now)
    comment.wants_replies, comment.sent_key, comment.proof_key = wants_replies, sent_key, sending.proof_key
    comment.held = [str(reason) for reason in _why_held(comment, post, by, sending, rules, now=now)]
    comment.state = _first_state(comment, by)
    try:
        with db.session.begin_nested():
            db.session.add(comment)
    except IntegrityError:  # the same form, sent twice at once
        return _made_meanwhile(sent_key)
    if comment.state is CommentState.UNCONFIRMED:
        notices.ask_to_confirm(comment, post, now=now)
    else:
        _arrived(comment, post, now)
    return comment


def confirm(comment: Comment, *, now: datetime) -> None:
    """A visitor's address is theirs: what they said appears, or waits to be read. Doing it twice changes nothing."""
    if comment.state is not CommentState.UNCONFIRMED:
        return
    comment.address_confirmed_at = now
    comment.state = CommentState.PENDING if comment.held else CommentState.PUBLISHED
    _arrived(comment, comment.post, now)


def can_be_edited(comment: Comment, *, now: datetime) -> bool:
    """Whether its writer may still change the words. A visitor's time begins when they have confirmed their address."""
    said_at = comment.address_confirmed_at or comment.created_at
    return comment.state in queries.EDITABLE and now < said_at + EDIT_WITHIN


def edit(comment: Comment, *, body: str, by: Person | None, now: datetime) -> None:
    """Changes one's own words, for a while. The checks look at them again. Raises :class:`Refused` for ``body``."""
    if not can_be_edited(comment, now=now):
        raise Refused("body", _("It is too late to change this. You can remove it and say it again."))
    words = rendering.body(body)
    if words == comment.body:
        return
    _write(comment, words)
    comment.edited_at = now
    if queries.may_moderate(by, comment.post):
        return
    rules = policy.current()
    welcome = rules.members if comment.person_id else rules.visitors
    found = [Reason.SITE] if welcome is not Welcome.AT_ONCE else []
    comment.held = [str(reason) for reason in [*found, *spam.in_words(comment, rules, now=now)]]
    if comment.held and comment.is_public:
        comment.state = CommentState.PENDING
        notices.taken_back(comment, now=now)
        notices.told(comment, comment.post, now=now)


def remove(comment: Comment, *, now: datetime) -> None:
    """Takes one's own words away. Where they were answered, the page says that something stood there."""
    if comment.state in queries.EDITABLE:
        comment.was, comment.state, comment.decided_at = comment.state, CommentState.REMOVED, now
        notices.taken_back(comment, now=now)
        notices.decided(comment, now=now)


def bring_back(comment: Comment, *, now: datetime) -> None:
    """Undoes :func:`remove`."""
    if comment.state is CommentState.REMOVED and comment.was is not None and comment.body:
        comment.state, comment.was = comment.was, None
        if comment.is_public:
            notices.appeared(comment, comment.post, now=now)


def decide(comment: Comment, verdict: Verdict, *, by: Person, now: datetime) -> bool:
    """Publishes a comment, or puts it with the spam or into the trash. False when it is there already."""
    return _decide(comment, DECIDED[verdict], by=by, now=now)


def put_back(comment: Comment, state: CommentState, *, by: Person, now: datetime) -> bool:
    """Undoes a decision: the comment is again what it was."""
    return _decide(comment, state, by=by, now=now)


def open_or_close(post: Post, *, is_open: bool, by: Person, now: datetime) -> None:
    """Closes the comments of a post, or opens them again, whatever the site's rule says. What was said stays."""
    db.session.merge(Conversation(post_id=post.id, is_open=is_open, changed_at=now))
    audit.record(
        "comments.opened" if is_open else "comments.closed", f"post {post.id}", now=now, actor=by.email, person_id=by.id
    )


def bring_in(
    post: Post,
    *,
    name: str,
    body: str,
    created_at: datetime,
    state: CommentState = CommentState.PUBLISHED,
    parent: Comment | None = None,
    person: Person | None = None,
    address: str = "",
) -> Comment:
    """A comment from elsewhere, kept silently: nobody is told, and its address is not a confirmed one."""
    comment = Comment(
        post_id=post.id,
        parent_id=parent.id if parent else None,
        person_id=person.id if person else None,
        name=name[:LONGEST_NAME],
        address="" if person else address,
        state=state,
        published_at=created_at if state is CommentState.PUBLISHED else None,
        decided_at=created_at,
        created_at=created_at,
        updated_at=created_at,
    )
    _write(comment, rendering.body(body))
    db.session.add(comment)
    db.session.flush()
    return comment


def tidy(*, now: datetime) -> int:
    """Forgets what nobody confirmed within a week, and the words of what was removed a week ago. Returns how many."""
    forgotten = db.session.execute(
        delete(Comment).where(Comment.state == CommentState.UNCONFIRMED, Comment.created_at < now - UNCONFIRMED_FOR)
    )
    emptied = db.session.execute(
        update(Comment)
        .where(Comment.state == CommentState.REMOVED, Comment.decided_at < now - REMOVED_FOR, Comment.body != "")
        .values(body="", html="", words_hash="", address="")
    )
    assert isinstance(forgotten, CursorResult)  # noqa: S101  # what SQLAlchemy gives for a DELETE
    assert isinstance(emptied, CursorResult)  # noqa: S101  # and for an UPDATE
    return forgotten.rowcount + emptied.rowcount


def _new(post: Post, by: Speaker, body: str, parent: Comment | None, now: datetime) -> Comment:
    comment = Comment(
        post_id=post.id,
        parent_id=parent.id if parent else None,
        person_id=by.person.id if by.person else None,
        person=by.person,
        name=by.name,
        address=by.address,
        address_confirmed_at=now if by.address and by.is_confirmed else None,
        language=by.language,
        created_at=now,
        updated_at=now,
    )
    _write(comment, rendering.body(body))
    return comment


def _write(comment: Comment, words: str) -> None:
    comment.body, comment.html = words, rendering.html(words)
    comment.words_hash = rendering.words_hash(words)


def _why_held(
    comment: Comment, post: Post, by: Speaker, sending: Sending, rules: Policy, *, now: datetime
) -> list[Reason]:
    if queries.may_moderate(by.person, post):
        return []
    welcome = rules.members if by.person else rules.visitors
    found = [Reason.SITE] if welcome is not Welcome.AT_ONCE else []
    return [*found, *spam.reasons(comment, sending, rules, now=now)]


def _first_state(comment: Comment, by: Speaker) -> CommentState:
    if Reason.TRAP in comment.held:
        return CommentState.SPAM
    if not by.is_confirmed:
        return CommentState.UNCONFIRMED
    return CommentState.PENDING if comment.held else CommentState.PUBLISHED


def _arrived(comment: Comment, post: Post, now: datetime) -> None:
    if comment.state is CommentState.SPAM:
        return
    if comment.is_public:
        comment.published_at = comment.published_at or now
    if comment.wants_replies:
        notices.unmute(notices.hearer_of_replies(comment))
    notices.told(comment, post, now=now)


def _decide(comment: Comment, state: CommentState, *, by: Person, now: datetime) -> bool:
    if comment.state is state:
        return False
    was_public = comment.is_public
    comment.was, comment.state, comment.decided_at = comment.state, state, now
    audit.record(
        f"comment.{state}", f"comment {comment.id}", now=now, actor=by.email, person_id=by.id, was=str(comment.was)
    )
    if comment.is_public:
        comment.published_at = comment.published_at or now
        notices.appeared(comment, comment.post, now=now)
    elif was_public:
        notices.taken_back(comment, now=now)
    notices.decided(comment, now=now)
    return True


def _sent_key(form_key: str, by: Speaker) -> str | None:
    """What a form and its sender make together: nobody finds another's comment by sending their key."""
    if not form_key or len(form_key) > LONGEST_KEY:
        return None
    return tokens.digest(f"{form_key}\x1f{by.person.id if by.person else by.address}")


def _made_meanwhile(sent_key: str | None) -> Comment:
    made = queries.get_sent(sent_key) if sent_key else None
    if made is None:
        raise Refused("", _("That form was used already. Send it once more."))
    return made
