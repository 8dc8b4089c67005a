"""Who hears about a comment by mail, when, and how seldom.

A reply is told once to whoever was answered, if they asked for it. What is said on a post is told to its author, or
without one to the editors: the first at once, and then at most one mail an hour, whose words grow while it waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete

from webapp.accounts.models import Person, Role
from webapp.comments import links, mails, queries
from webapp.comments.links import Hearer
from webapp.comments.models import Comment, Mute, Subject
from webapp.core.errors import Refused
from webapp.extensions import db
from webapp.mail import operations as mail
from webapp.mail.models import Kind, MailContent
from webapp.posts.models import Post

PAUSE = timedelta(hours=1)
MOST_IN_A_MAIL = 20
CONFIRMATIONS = ((timedelta(minutes=10), 3), (timedelta(days=1), 10))
"""How many confirmations an address gets, whoever types it: nobody can fill a stranger's mailbox with them."""
WORTH_SENDING = timedelta(days=2)


def ask_to_confirm(comment: Comment, post: Post, *, now: datetime) -> None:
    """Mails a visitor the link that shows the address to be theirs. Raises :class:`Refused` when it had its share."""
    asked = queries.confirmations_to(comment.address, now - CONFIRMATIONS[-1][0])
    if any(sum(at > now - period for at in asked) >= most for period, most in CONFIRMATIONS):
        raise Refused("email", "We wrote to this address several times just now. Confirm one of those first.")
    mail.enqueue(
        kind=Kind.CONFIRM,
        address=comment.address,
        content=mails.confirmation(comment, post),
        dedupe_key=f"confirm:comment:{comment.id}",
        now=now,
        expires_at=now + links.CONFIRM_WITHIN,
    )


def told(comment: Comment, post: Post, *, now: datetime) -> None:
    """Tells those concerned about a comment that is published, or that waits for somebody to read it."""
    answered = appeared(comment, post, now=now)
    for person in _moderators_of(post):
        if person.id != comment.person_id and (answered is None or person.id != answered.person_id):
            _tell_moderator(person, post, now)


def appeared(comment: Comment, post: Post, *, now: datetime) -> Comment | None:
    """Tells whoever was answered, if they want to hear of it; which comment of theirs that was."""
    db.session.flush()
    parent = queries.by_ids([comment.parent_id]).get(comment.parent_id) if comment.parent_id else None
    if parent is None or not comment.is_public or not _wants_to_hear(parent, comment):
        return None
    _tell_whoever_was_answered(parent, comment, post, now)
    return parent


def taken_back(comment: Comment, *, now: datetime) -> None:
    """A comment is not public any more: who was to hear of it does not, if there is time."""
    mail.cancel_waiting(dedupe_key=_reply_key(comment), reason="the comment was taken back", now=now)


def decided(post: Post, *, now: datetime) -> None:
    """Somebody has decided about comments: a mail that still waits says what is left, or is not sent."""
    db.session.flush()
    for person in _moderators_of(post):
        history = queries.notices_under(_said_prefix(person))
        if history.last is not None and history.last.due_at > now:
            hearer = Hearer(Subject.POSTS, person.id, "", post.id)
            comments = queries.new_for(person, history.told_until(now, PAUSE), MOST_IN_A_MAIL + 1)
            if comments:
                mail.reword(history.last.dedupe_key, _said(comments, person, hearer), now=now)
            else:
                mail.cancel_waiting(dedupe_key=history.last.dedupe_key, reason="nothing is left to read", now=now)


def mute(hearer: Hearer, *, everywhere: bool, now: datetime) -> None:
    """No more such notices, about this post or at all. Doing it twice changes nothing."""
    post_id = None if everywhere else hearer.post_id
    if not is_muted(hearer, everywhere=everywhere):
        db.session.add(
            Mute(
                subject=hearer.subject,
                person_id=hearer.person_id,
                address=hearer.address,
                post_id=post_id,
                created_at=now,
            )
        )


def is_muted(hearer: Hearer, *, everywhere: bool = False) -> bool:
    """Whether the notices have been stopped already. (No post has the number 0: then only what holds everywhere.)"""
    return queries.is_muted(
        hearer.subject, 0 if everywhere else hearer.post_id, person_id=hearer.person_id, address=hearer.address
    )


def unmute(hearer: Hearer) -> None:
    """Whoever asks for notices again gets them."""
    theirs = queries.mutes_of(hearer.subject, hearer.post_id, hearer.person_id, hearer.address)
    db.session.execute(delete(Mute).where(*theirs))


def hearer_of_replies(comment: Comment) -> Hearer:
    """Who hears of answers to a comment."""
    return Hearer(Subject.REPLIES, comment.person_id, "" if comment.person_id else comment.address, comment.post_id)


def _tell_whoever_was_answered(parent: Comment, comment: Comment, post: Post, now: datetime) -> None:
    hearer = hearer_of_replies(parent)
    mail.enqueue(
        kind=Kind.COMMENT,
        address=_confirmed_address(parent),
        content=mails.reply(comment, parent, post, hearer),
        dedupe_key=_reply_key(comment),
        person_id=parent.person_id,
        now=now,
        expires_at=now + WORTH_SENDING,
    )


def _tell_moderator(person: Person, post: Post, now: datetime) -> None:
    hearer = Hearer(Subject.POSTS, person.id, "", post.id)
    if is_muted(hearer):
        return
    history = queries.notices_under(_said_prefix(person))
    comments = queries.new_for(person, history.told_until(now, PAUSE), MOST_IN_A_MAIL + 1)
    if not comments:
        return
    content = _said(comments, person, hearer)
    last = history.last
    if last is not None and last.due_at > now and mail.reword(last.dedupe_key, content, now=now):
        return
    mail.enqueue(
        kind=Kind.COMMENT,
        address=person.email,
        content=content,
        dedupe_key=f"{_said_prefix(person)}{history.written}",  # two comments at once write the same key
        person_id=person.id,
        now=now,
        due_at=max(now, last.due_at + PAUSE) if last else now,
    )


def _said(comments: Sequence[Comment], person: Person, hearer: Hearer) -> MailContent:
    return mails.for_moderator(comments[:MOST_IN_A_MAIL], person, hearer, are_more=len(comments) > MOST_IN_A_MAIL)


def _moderators_of(post: Post) -> Sequence[Person]:
    """The author, while they may write; else the editors."""
    author = post.author
    return [author] if author.is_confirmed and author.is_allowed(Role.AUTHOR) else queries.moderators()


def _wants_to_hear(parent: Comment, comment: Comment) -> bool:
    """Whether the writer of a comment is to be told of an answer to it."""
    return (
        parent.is_public
        and parent.wants_replies
        and not _is_same_writer(comment, parent)
        and bool(_confirmed_address(parent))
        and not is_muted(hearer_of_replies(parent))
    )


def _confirmed_address(comment: Comment) -> str:
    """Where its writer can be written to; empty when nowhere."""
    if comment.person is not None:
        return comment.person.email if comment.person.is_confirmed else ""
    return comment.address if comment.address_confirmed_at else ""


def _is_same_writer(one: Comment, other: Comment) -> bool:
    if one.person_id is not None or other.person_id is not None:
        return one.person_id == other.person_id
    return one.address == other.address


def _reply_key(comment: Comment) -> str:
    """One for each time that the notice was cancelled before it went, so that it goes once in the end."""
    stem = f"comment:reply:{comment.id}:"
    return f"{stem}{queries.cancelled_with(stem)}"


def _said_prefix(person: Person) -> str:
    return f"comment:said:{person.id}:"
