"""Who hears about a comment by mail, when, and how seldom.

A reply is told once to whoever was answered, if they asked for it. What is said on a post is told to its author, or
without one to the editors: the first at once, and then at most one mail an hour, whose words grow while it waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete

from webapp.accounts import queries as people
from webapp.accounts.models import Person, Role
from webapp.comments import links, mails, queries
from webapp.comments.links import Hearer
from webapp.comments.models import Comment, Mute, Subject
from webapp.core.errors import Refused
from webapp.core.words import _, mark
from webapp.extensions import db
from webapp.mail import operations as mail
from webapp.mail import queries as ledger
from webapp.mail.models import Kind, MailContent
from webapp.posts.models import Post

PAUSE = timedelta(hours=1)
MOST_IN_A_MAIL = 20
CONFIRMATIONS = ((timedelta(minutes=10), 3), (timedelta(days=1), 10))
"""How many confirmations an address gets, whoever types it: nobody can fill a stranger's mailbox with them."""
WORTH_SENDING = timedelta(days=2)
REPLY = "comment:reply:"
SAID = "comment:said:"
"""What the ledger's keys of the two kinds of notices begin with."""
HEARD_ENOUGH = mark("they want to hear no more of it")


def ask_to_confirm(comment: Comment, post: Post, *, now: datetime) -> None:
    """Mails a visitor the link that shows the address to be theirs. Raises :class:`Refused` when it had its share."""
    asked = queries.confirmations_to(comment.address, now - CONFIRMATIONS[-1][0])
    if any(sum(at > now - period for at in asked) >= most for period, most in CONFIRMATIONS):
        raise Refused("email", _("We wrote to this address several times just now. Confirm one of those first."))
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
    knowing = {comment.person_id, answered.person_id if answered else None}
    concerned = [
        person
        for person in _moderators_of(post)
        if person.id not in knowing and not is_muted(Hearer(Subject.POSTS, person.id, "", post.id))
    ]
    if concerned:
        _tell_moderators(comment, post, concerned, now)


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
    mail.cancel_waiting(dedupe_key=_reply_key(comment), reason=mark("the comment was taken back"), now=now)


def decided(comment: Comment, *, now: datetime) -> None:
    """Somebody has decided about a comment: a mail that waits to tell of it says what is left, or is not sent."""
    db.session.flush()
    told = queries.last_told(_said_prefix(comment.post))
    if told.due_at is None or told.due_at <= now or comment.told_in != f"{_said_prefix(comment.post)}{told.number}":
        return
    for person in _moderators_of(comment.post):
        _say_what_is_left(comment.told_in, person, mark("nothing is left to read"), now)


def mute(hearer: Hearer, *, everywhere: bool, now: datetime) -> None:
    """No more such notices, about this post or at all, nor those that wait. Doing it twice changes nothing."""
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
        db.session.flush()
    if hearer.subject is Subject.REPLIES:
        _keep_back_replies(hearer, post_id, now)
    elif hearer.person_id is not None:
        _keep_back_what_was_said(hearer, now)


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


def _keep_back_replies(hearer: Hearer, post_id: int | None, now: datetime) -> None:
    waiting = queries.waiting_for(person_id=hearer.person_id, address=hearer.address)
    keys = {answer: key for key in waiting if (answer := _answer_in(key)) is not None}
    for comment_id, comment in queries.by_ids(keys).items():
        if post_id is None or comment.post_id == post_id:
            mail.cancel_waiting(dedupe_key=keys[comment_id], reason=HEARD_ENOUGH, now=now)


def _keep_back_what_was_said(hearer: Hearer, now: datetime) -> None:
    """A mail tells of several posts, and goes on telling of the others."""
    person = db.session.get(Person, hearer.person_id)
    if person is None:
        return
    for key in queries.waiting_for(person_id=person.id, address=person.email):
        group = key.removesuffix(f":{person.id}")
        if group.startswith(SAID):
            _say_what_is_left(group, person, HEARD_ENOUGH, now)


def _say_what_is_left(group: str, person: Person, why_nothing: str, now: datetime) -> None:
    """Writes a mail that waits anew, or cancels it when it has nothing more to tell."""
    content, key = _said(group, person), f"{group}:{person.id}"
    if content is None:
        mail.cancel_waiting(dedupe_key=key, reason=why_nothing, now=now)
    else:
        mail.reword(key, content, now=now)


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


def _tell_moderators(comment: Comment, post: Post, concerned: Sequence[Person], now: datetime) -> None:
    """Adds a comment to the mail that waits, or begins a new one that goes no sooner than an hour after the last."""
    prefix = _said_prefix(post)
    told = queries.last_told(prefix)
    begins_at = max(now, told.due_at + PAUSE) if told.due_at else now
    choices = [(told.number + number, begins_at) for number in (1, 2)]  # two comments at once begin the same one
    if told.due_at is not None and told.due_at > now:
        choices.insert(0, (told.number, told.due_at))
    for number, due_at in choices:
        comment.told_in = f"{prefix}{number}"
        db.session.flush()
        if all(_is_told(comment.told_in, person, due_at, now) for person in concerned):
            return


def _is_told(group: str, person: Person, due_at: datetime, now: datetime) -> bool:
    """Writes one person's mail, or writes it anew. False when it has gone already."""
    content, key = _said(group, person), f"{group}:{person.id}"
    if content is None or mail.reword(key, content, now=now):
        return True
    written = mail.enqueue(
        kind=Kind.COMMENT,
        address=person.email,
        content=content,
        dedupe_key=key,
        person_id=person.id,
        now=now,
        due_at=due_at,
    )
    return written is not None or mail.reword(key, content, now=now)


def _said(group: str, person: Person) -> MailContent | None:
    comments = queries.told_in(group, person, MOST_IN_A_MAIL + 1)
    if not comments:
        return None
    shown = comments[:MOST_IN_A_MAIL]
    hearer = Hearer(Subject.POSTS, person.id, "", shown[-1].post_id)
    return mails.for_moderator(shown, person, hearer, are_more=len(comments) > MOST_IN_A_MAIL)


def _moderators_of(post: Post) -> Sequence[Person]:
    """The author, while they may write; else the editors."""
    author = post.author
    return [author] if author.is_confirmed and author.is_allowed(Role.AUTHOR) else people.editors()


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
    stem = f"{REPLY}{comment.id}:"
    return f"{stem}{ledger.cancelled_with(stem)}"


def _answer_in(key: str) -> int | None:
    """The number of the comment of which a key of the ledger tells that it is an answer."""
    number = key.removeprefix(REPLY).partition(":")[0]
    return int(number) if key.startswith(REPLY) and number.isdecimal() else None


def _said_prefix(post: Post) -> str:
    """What the keys begin with of the mails about somebody's posts."""
    return f"{SAID}{post.author_id}:"
