"""Reading what was asked for, how far it is, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, and_, case, false, or_, select

from webapp.accounts.models import Person, Role
from webapp.core.pagination import LARGEST_ID
from webapp.extensions import db
from webapp.portability.models import Direction, OldAddress, Outcome, Transfer, TransferEntry, TransferState
from webapp.posts.models import Post, PostState

NEWEST = 20


def visible_to(person: Person) -> Select[Transfer]:
    """All for administrators; for authors what they asked for themselves."""
    found = select(Transfer).order_by(Transfer.id.desc())
    if person.is_allowed(Role.ADMIN):
        return found
    return found.where(Transfer.person_id == person.id if person.is_allowed(Role.AUTHOR) else false())


def get_visible(person: Person, transfer_id: int) -> Transfer | None:
    if not 0 < transfer_id <= LARGEST_ID:
        return None
    return db.session.scalar(visible_to(person).where(Transfer.id == transfer_id))


def newest(person: Person, direction: Direction) -> Sequence[Transfer]:
    return db.session.scalars(visible_to(person).where(Transfer.direction == direction).limit(NEWEST)).all()


def entries(transfer: Transfer, *, after: int | None = None, limit: int = 200) -> Sequence[TransferEntry]:
    """Lines of a report in the order of the file; those about people, who are not in it, come first."""
    found = select(TransferEntry).where(TransferEntry.transfer_id == transfer.id).order_by(TransferEntry.nth)
    if after is not None:
        found = found.where(TransferEntry.nth > after)
    return db.session.scalars(found.limit(limit)).all()


def remarkable(transfer: Transfer, limit: int) -> Sequence[TransferEntry]:
    """What an administrator should look at first: what failed, what became something else, what has a remark."""
    weight = case(
        (TransferEntry.outcome == Outcome.FAILED, 0),
        (TransferEntry.outcome == Outcome.DRAFT, 1),
        (TransferEntry.outcome == Outcome.IMPORTED, 2),
        else_=3,
    )
    return db.session.scalars(
        select(TransferEntry)
        .where(TransferEntry.transfer_id == transfer.id, TransferEntry.reason != "")
        .order_by(weight, TransferEntry.nth)
        .limit(limit)
    ).all()


def abandoned(now: datetime) -> Sequence[int]:
    """The runs that wait, or whose worker has not been heard of: for anyone to take up. Not those of a command line."""
    is_free = or_(
        Transfer.state == TransferState.WAITING,
        and_(Transfer.state == TransferState.RUNNING, Transfer.lease_until < now),
    )
    rows = db.session.execute(select(Transfer.id, Transfer.options).where(is_free).order_by(Transfer.id))
    return [transfer_id for transfer_id, options in rows if not options.get("by_shell")]


def is_one_running(now: datetime) -> bool:
    """Whether a worker is at one. A second waits, so that imports never keep all workers from the mail."""
    rows = db.session.scalars(
        select(Transfer.options).where(Transfer.state == TransferState.RUNNING, Transfer.lease_until >= now)
    )
    return any(not options.get("by_shell") for options in rows)


def leads_to(path: str) -> tuple[str | None, str | None] | None:
    """Where an old path leads: the slug of a public post, or a path of this site; None when it leads nowhere."""
    if "\0" in path:
        return None
    row = db.session.execute(
        select(Post.slug, OldAddress.leads_to)
        .select_from(OldAddress)
        .outerjoin(Post, and_(Post.id == OldAddress.post_id, Post.state == PostState.PUBLISHED))
        .where(OldAddress.path == path)
    ).first()
    return (row[0], row[1]) if row and (row[0] or row[1]) else None
