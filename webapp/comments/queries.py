"""Reading comments. Whoever asks is part of the question: what they may not see does not exist."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Select, exists, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased, contains_eager, joinedload

from webapp.accounts.models import Person
from webapp.comments.models import Comment, CommentState, Conversation, Mute, Subject
from webapp.core import pagination
from webapp.core.pagination import Place
from webapp.extensions import db
from webapp.mail import queries as mails
from webapp.mail.models import Delivery, Kind, State
from webapp.posts import queries as posts
from webapp.posts.models import Post, PostState

CREATED_AT = cast("ColumnElement[datetime]", Comment.created_at)
ID = cast("ColumnElement[int]", Comment.id)
OLDEST_FIRST = (Comment.created_at, Comment.id)
NEWEST_FIRST = (Comment.created_at.desc(), Comment.id.desc())
EDITABLE = frozenset({CommentState.PENDING, CommentState.PUBLISHED})


# On a post


def public_post(post_id: int) -> Post | None:
    """A post that everyone can read, and so may talk about."""
    if not 0 < post_id <= pagination.LARGEST_ID:
        return None
    return db.session.scalar(posts.published().where(Post.id == post_id))


def published_on(post: Post) -> Select[Comment]:
    """What everyone may read of a post's comments, the oldest first."""
    return (
        _with_people(select(Comment))
        .where(Comment.post_id == post.id, Comment.state == CommentState.PUBLISHED)
        .order_by(*OLDEST_FIRST)
    )


def get_published(post: Post, comment_id: int) -> Comment | None:
    """A comment that can be answered."""
    return _one(published_on(post), comment_id)


def skeleton(post: Post, person: Person | None, visitor: str = "") -> Sequence[Row[int, int | None, bool]]:
    """(id, parent_id, is_shown) of what a person sees of a post's comments and of everything that was answered.

    Others see what is published; its writer also sees what waits. ``visitor`` is the address that this browser has
    confirmed.
    """
    is_shown = Comment.state == CommentState.PUBLISHED
    if person is not None or visitor:
        is_shown = or_(is_shown, _is_by(person, visitor) & (Comment.state == CommentState.PENDING))
    answer = aliased(Comment)
    return db.session.execute(
        select(Comment.id, Comment.parent_id, is_shown.label("is_shown"))
        .where(Comment.post_id == post.id, or_(is_shown, exists().where(answer.parent_id == Comment.id)))
        .order_by(*OLDEST_FIRST)
    ).all()


def by_ids(ids: Collection[int]) -> dict[int, Comment]:
    """These comments, with their people."""
    if not ids:
        return {}
    found = db.session.scalars(_with_people(select(Comment)).where(Comment.id.in_(ids)))
    return {comment.id: comment for comment in found}


def counts(post_ids: Iterable[int]) -> Mapping[int, int]:
    """How many published comments each of these posts has; a post without any is left out."""
    wanted = list(post_ids)
    if not wanted:
        return {}
    rows = db.session.execute(
        select(Comment.post_id, func.count())
        .where(Comment.post_id.in_(wanted), Comment.state == CommentState.PUBLISHED)
        .group_by(Comment.post_id)
    )
    return {post_id: count for post_id, count in rows}  # noqa: C416  # a row is no pair to mypy


def conversation_of(post: Post) -> Conversation | None:
    return db.session.get(Conversation, post.id)


# One comment


def get_public(comment_id: int) -> Comment | None:
    """A published comment of a published post, with both."""
    return _one(
        _with_people(select(Comment))
        .join(Comment.post)
        .options(contains_eager(Comment.post))
        .where(Comment.state == CommentState.PUBLISHED, Post.state == PostState.PUBLISHED),
        comment_id,
    )


def get_visible(person: Person | None, comment_id: int) -> Comment | None:
    """A comment that a person may read: a public one, or their own that waits."""
    found = get_public(comment_id)
    if found is not None or person is None:
        return found
    own = get_own(person, comment_id)
    return own if own is not None and own.state is CommentState.PENDING else None


def get_own(person: Person | None, comment_id: int, *, visitor: str = "", to_change: bool = False) -> Comment | None:
    """A person's own comment on a post that is still public, whatever became of it.

    Without an account it is that of the ``visitor`` who confirmed this address in this browser.
    """
    rows = _with_posts(select(Comment)).where(
        _is_by(person, visitor),
        Post.state == PostState.PUBLISHED,
        Comment.state.in_([*EDITABLE, CommentState.REMOVED]),
    )
    return _one(_locked(rows) if to_change else rows, comment_id)


def _is_by(person: Person | None, visitor: str) -> ColumnElement[bool]:
    theirs = false() if person is None else Comment.person_id == person.id
    if not visitor:
        return theirs
    is_visitors = (Comment.address == visitor) & Comment.address_confirmed_at.is_not(None)
    return or_(theirs, Comment.person_id.is_(None) & is_visitors)


def get_sent(sent_key: str) -> Comment | None:
    """The comment that a form has made already."""
    return db.session.scalar(_with_people(select(Comment)).where(Comment.sent_key == sent_key))


def get_mailed(comment_id: int, *, to_change: bool = False) -> Comment | None:
    """A comment by its id alone, for a signed link that proves the right to see it."""
    rows = _with_posts(select(Comment))
    return _one(_locked(rows) if to_change else rows, comment_id)


# Moderation


def moderatable_by(person: Person) -> Select[Comment]:
    """What a person decides about: all comments for an editor, those on their own posts for an author."""
    theirs = posts.editable_by(person).with_only_columns(Post.id).order_by(None)
    return (
        _with_posts(select(Comment))
        .where(
            Comment.post_id.in_(theirs),
            Comment.state.not_in([CommentState.UNCONFIRMED, CommentState.REMOVED]),
        )
        .order_by(*NEWEST_FIRST)
    )


def get_moderatable(person: Person, ids: Collection[int]) -> Sequence[Comment]:
    """Those of these comments that a person may decide about, locked until the transaction ends."""
    wanted = [each for each in ids if 0 < each <= pagination.LARGEST_ID]
    if not wanted:
        return []
    return db.session.scalars(_locked(moderatable_by(person)).where(Comment.id.in_(wanted))).all()


def may_moderate(person: Person | None, post: Post) -> bool:
    return person is not None and posts.get_editable(person, post.id) is not None


def queue(person: Person, state: CommentState, before: Place | None, limit: int) -> Sequence[Comment]:
    """A page of the comments in a state, the newest first; of those that wait, the oldest first."""
    rows = moderatable_by(person).where(Comment.state == state)
    if state is CommentState.PENDING:
        rows = rows.order_by(None).order_by(*OLDEST_FIRST)
        rows = rows if before is None else rows.where(pagination.above(CREATED_AT, ID, before))
    elif before is not None:
        rows = rows.where(pagination.below(CREATED_AT, ID, before))
    return db.session.scalars(rows.limit(limit)).all()


def numbers(person: Person) -> dict[CommentState, int]:
    """How many comments are in each state, of those that a person decides about."""
    theirs = moderatable_by(person).with_only_columns(Comment.id).order_by(None)
    rows = db.session.execute(select(Comment.state, func.count()).where(Comment.id.in_(theirs)).group_by(Comment.state))
    return {state: count for state, count in rows}  # noqa: C416  # as above


# Notices


@dataclass(frozen=True)
class Told:
    """The newest mails to those who look after somebody's posts: their number, and when the last that was not
    cancelled is due.
    """

    number: int
    due_at: datetime | None


def last_told(prefix: str) -> Told:
    """What was written under keys of the form ``prefix number : person``."""
    theirs = (Delivery.kind == Kind.COMMENT, mails.keys_with(prefix))
    newest = select(Delivery.dedupe_key, Delivery.due_at).where(*theirs).order_by(Delivery.id.desc()).limit(1)
    last = db.session.execute(newest).first()
    kept = db.session.execute(newest.where(Delivery.state != State.CANCELLED)).first()
    number = int(last.dedupe_key.removeprefix(prefix).partition(":")[0]) if last else 0
    return Told(number, kept.due_at if kept else None)


def told_in(key: str, person: Person, limit: int) -> Sequence[Comment]:
    """The comments that a mail tells a person of, as far as nobody has decided about them yet; the oldest first.

    Nothing of posts of which they want to hear no more.
    """
    is_new = (Comment.state == CommentState.PENDING) | (
        (Comment.state == CommentState.PUBLISHED) & Comment.decided_at.is_(None)
    )
    is_muted = exists(select(Mute.id).where(*mutes_of(Subject.POSTS, Comment.post_id, person.id, "")))
    return db.session.scalars(
        moderatable_by(person)
        .where(Comment.told_in == key, is_new, ~is_muted)
        .order_by(None)
        .order_by(*OLDEST_FIRST)
        .limit(limit)
    ).all()


def waiting_for(*, person_id: int | None, address: str) -> Sequence[str]:
    """The keys of the notices to somebody that can still be cancelled."""
    whose = Delivery.person_id == person_id
    if person_id is None:
        whose = (Delivery.address == address) & Delivery.person_id.is_(None)
    can_be_cancelled = Delivery.state.in_([State.QUEUED, State.CLAIMED])
    return db.session.scalars(
        select(Delivery.dedupe_key).where(whose, Delivery.kind == Kind.COMMENT, can_be_cancelled)
    ).all()


def is_muted(subject: Subject, post_id: int, *, person_id: int | None, address: str) -> bool:
    """Whether somebody wants no notices about a post, or none at all."""
    return bool(db.session.scalar(select(exists().where(*mutes_of(subject, post_id, person_id, address)))))


def mutes_of(
    subject: Subject, post_id: int | InstrumentedAttribute[int], person_id: int | None, address: str
) -> tuple[ColumnElement[bool], ...]:
    """The condition for the mutes that keep somebody from hearing about a post."""
    who = Mute.person_id == person_id if person_id else (Mute.address == address) & Mute.person_id.is_(None)
    return Mute.subject == subject, who, or_(Mute.post_id == post_id, Mute.post_id.is_(None))


# Spam


def times_said(words_hash: str, since: datetime, *, but: int | None) -> int:
    """How often the same words were said since an instant, by anybody anywhere."""
    rows = select(func.count()).where(
        Comment.words_hash == words_hash, Comment.created_at > since, Comment.id.is_distinct_from(but)
    )
    return db.session.scalar(rows) or 0


def is_proof_used(proof_key: str) -> bool:
    return bool(db.session.scalar(select(exists().where(Comment.proof_key == proof_key))))


def confirmations_to(address: str, since: datetime) -> Sequence[datetime]:
    """When a visitor's address was asked to confirm a comment, oldest first."""
    return db.session.scalars(
        select(Delivery.due_at)
        .where(
            Delivery.address == address,
            Delivery.kind == Kind.CONFIRM,
            mails.keys_with("confirm:comment:"),
            Delivery.due_at > since,
        )
        .order_by(Delivery.id)
    ).all()


def _one(comments: Select[Comment], comment_id: int) -> Comment | None:
    if not 0 < comment_id <= pagination.LARGEST_ID:
        return None
    return db.session.scalar(comments.where(Comment.id == comment_id))


def _with_people(comments: Select[Comment]) -> Select[Comment]:
    return comments.options(joinedload(Comment.person))


def _with_posts(comments: Select[Comment]) -> Select[Comment]:
    """With the post and who wrote it."""
    return (
        comments.join(Comment.post)
        .options(
            contains_eager(Comment.post).joinedload(Post.author, innerjoin=True),
            contains_eager(Comment.post).raiseload(Post.tags),
        )
        .options(joinedload(Comment.person))
    )


def _locked(comments: Select[Any]) -> Select[Any]:
    return comments.with_for_update(of=Comment).execution_options(populate_existing=True)
