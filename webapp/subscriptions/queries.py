"""Reading who gets the letter."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, false, func, literal, null, or_, select

from webapp.accounts.models import Person, Role
from webapp.core import site
from webapp.extensions import db
from webapp.mail.models import Delivery, Kind, Suppression
from webapp.subscriptions.models import ANSWER_WITHIN, Cadence, Subscription, SubscriptionState

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


def by_address(address: str) -> Subscription | None:
    """The row of a normalised address, whatever its state."""
    return db.session.scalar(select(Subscription).where(Subscription.address == address))


def visible_to(person: Person) -> Select[Subscription]:
    """Every subscription for operators; for anyone else that of their own address, once they have confirmed it."""
    found = select(Subscription)
    if person.is_allowed(Role.OPERATOR):
        return found
    return found.where(Subscription.address == person.email if person.is_confirmed else false())


def after(cursor: int, limit: int) -> Sequence[Subscription]:
    """A page of all readers, whatever their state, by id, from behind ``cursor``."""
    found = select(Subscription).where(Subscription.id > cursor)
    return db.session.scalars(found.order_by(Subscription.id).limit(limit)).all()


def active_after(
    cursor: int, limit: int, *, key: str | None = None, slot: datetime | None = None
) -> Sequence[Subscription]:
    """A page of those who get a letter, by id, from behind ``cursor``; locked until the transaction ends.

    With ``key``, those of one schedule who chose it before ``slot``. Who has paused is left out. The lock makes whoever
    leaves in that moment wait, and then find the mail that was just written down for them.
    """
    found = select(Subscription).where(Subscription.id > cursor, _is_active())
    if slot is not None:
        found = found.where(_is_awake(slot), *([_is_in(key, slot)] if key is not None else []))
    return db.session.scalars(
        found.order_by(Subscription.id).limit(limit).with_for_update().execution_options(populate_existing=True)
    ).all()


def schedule_keys() -> Sequence[str]:
    """The schedules that somebody has, each found by one look into the index however many readers share it."""
    key = Subscription.__table__.c.schedule_key
    first = select(func.min(key).label("key")).where(_is_active()).cte("keys", recursive=True)
    following = select(select(func.min(key)).where(_is_active(), key > first.c.key).scalar_subquery()).where(
        first.c.key.is_not(None)
    )
    keys = first.union_all(following)
    return [each for each in db.session.scalars(select(keys.c.key)) if each is not None]


def is_anyone_in(key: str, slot: datetime) -> bool:
    """Whether a slot of a schedule is anybody's."""
    found = exists(select(Subscription.id).where(_is_active(), _is_in(key, slot)))
    return bool(db.session.scalar(select(found)))


def in_slots(slots: Mapping[str, datetime]) -> set[str]:
    """The schedules of these whose slot is anybody's. Nobody is in ``post`` by this."""
    if not slots:
        return set()
    columns = Subscription.__table__.c
    first = func.min(func.coalesce(columns.scheduled_from, literal(LONG_AGO, columns.scheduled_from.type)))
    rows = db.session.execute(
        select(columns.schedule_key, first)
        .where(_is_active(), columns.schedule_key.in_(slots))
        .group_by(columns.schedule_key)
    )
    return {key for key, chosen_at in rows if chosen_at <= slots[key]}


def count_in(key: str, slot: datetime) -> int:
    """How many readers a slot of a schedule may reach."""
    return db.session.scalar(select(func.count(Subscription.id)).where(*reached_by([key], slot))) or 0


def reached_by(keys: Collection[str], slot: datetime) -> tuple[ColumnElement[bool], ...]:
    """Which rows are those of readers whom a slot of these schedules may reach."""
    return _is_active(), or_(*(_is_in(key, slot) for key in keys)), _is_awake(slot)


def confirmations_of(subscription: Subscription) -> Sequence[datetime]:
    """When each confirmation for a reader was written into the ledger, oldest first."""
    return db.session.scalars(
        select(Delivery.due_at)
        .where(Delivery.reader_id == subscription.id, Delivery.kind == Kind.CONFIRM)
        .order_by(Delivery.id)
    ).all()


@dataclass(frozen=True)
class Place:
    """Where readers stand who are alike in all that decides what they get. ``is_behind`` each of the cursors."""

    covered_until: datetime | None
    starts_afresh: bool
    follows: str
    cadence: Cadence
    schedule_key: str
    scheduled_from: datetime | None
    each_post_from: datetime | None
    had_since: str
    paused_until: datetime | None
    last_sign_at: datetime | None
    asked_again_at: datetime | None
    is_suppressed: bool
    is_behind: tuple[bool, ...]


@dataclass(frozen=True)
class Outlook:
    """What of the past still matters to where readers stand: the ``cursors`` of runs that have begun; the slots from
    ``slots_from`` on, and the posts from ``posts_from`` on, however long before that a reader chose them.

    Readers whose last sign is from before ``silent_from`` are alike; after ``silent_until`` it does not matter when it
    was. None: nobody is asked for one.
    """

    cursors: Sequence[int] = ()
    slots_from: datetime | None = None
    posts_from: datetime | None = None
    silent_from: datetime | None = None
    silent_until: datetime | None = None


STANDING = tuple(field.name for field in fields(Place))[:-2]
"""What of a place is a column of the subscription."""


def standings(outlook: Outlook) -> list[tuple[Place, int]]:
    """Where the active readers stand, and how many in each place; never a row for each of them."""
    places = (
        select(*_place(outlook))
        .outerjoin(Suppression, Suppression.address == Subscription.address)
        .where(Subscription.state == SubscriptionState.ACTIVE)
        .subquery()
    )
    rows = db.session.execute(select(*places.c, func.count()).group_by(*places.c).order_by(*places.c))
    return [(_placed(place), count) for *place, count in rows]


def _placed(values: Sequence[Any]) -> Place:
    own, (is_suppressed, *is_behind) = values[: len(STANDING)], values[len(STANDING) :]
    return Place(*[*own, bool(is_suppressed), tuple(bool(each) for each in is_behind)])


def standing_at(place: Place, outlook: Outlook) -> Iterator[tuple[int, str]]:
    """Id and address of the readers in one of the places that :func:`standings` tells of."""
    values = (*astuple(place)[:-1], *place.is_behind)
    is_there = and_(
        *(column.is_not_distinct_from(value) for column, value in zip(_place(outlook), values, strict=True))
    )
    rows = db.session.execute(
        select(Subscription.id, Subscription.address)
        .outerjoin(Suppression, Suppression.address == Subscription.address)
        .where(Subscription.state == SubscriptionState.ACTIVE, is_there)
        .order_by(Subscription.id)
        .execution_options(yield_per=1000)
    )
    return ((reader_id, address) for reader_id, address in rows)


def to_ask_again(before: datetime) -> Iterator[tuple[str, datetime, datetime | None, bool]]:
    """Address, last sign and pause of those from whom there was none since, and whether they are suppressed."""
    rows = db.session.execute(
        select(Subscription.address, _last_sign(), Subscription.paused_until, Suppression.id.is_not(None))
        .outerjoin(Suppression, Suppression.address == Subscription.address)
        .where(_is_active(), Subscription.asked_again_at.is_(None), _last_sign() < before)
        .order_by(Subscription.id)
        .execution_options(yield_per=1000)
    )
    return ((address, heard_at, pause, bool(is_suppressed)) for address, heard_at, pause, is_suppressed in rows)


def in_state(state: SubscriptionState) -> int:
    """How many readers are in a state."""
    return db.session.scalar(select(func.count(Subscription.id)).where(Subscription.state == state)) or 0


def _is_active() -> ColumnElement[bool]:
    """As the index on the schedules has it."""
    return Subscription.__table__.c.state == SubscriptionState.ACTIVE


def _is_in(key: str, slot: datetime) -> ColumnElement[bool]:
    columns = Subscription.__table__.c
    if key == Cadence.POST:
        return and_(columns.each_post_from.is_not(None), columns.each_post_from <= slot)
    return and_(columns.schedule_key == key, or_(columns.scheduled_from.is_(None), columns.scheduled_from <= slot))


def _is_awake(slot: datetime) -> ColumnElement[bool]:
    pause, asked_at = Subscription.__table__.c.paused_until, Subscription.__table__.c.asked_again_at
    is_awake = or_(pause.is_(None), pause <= slot)
    if not site.config().digest_ask_again_days:
        return is_awake
    return and_(is_awake, or_(asked_at.is_(None), asked_at > slot - ANSWER_WITHIN))


def _last_sign() -> ColumnElement[datetime]:
    columns = Subscription.__table__.c
    return func.coalesce(columns.last_sign_at, columns.confirmed_at)


def _place(outlook: Outlook) -> list[ColumnElement[Any]]:
    columns = Subscription.__table__.c
    standing: dict[str, ColumnElement[Any]] = {name: columns[name] for name in STANDING}
    if outlook.slots_from is not None:
        chosen = columns.scheduled_from
        standing["scheduled_from"] = case((chosen <= outlook.slots_from, null()), else_=chosen)
    if outlook.posts_from is not None:
        began, has_mark = columns.each_post_from, columns.covered_until.is_not(None) & ~columns.starts_afresh
        earliest = literal(outlook.posts_from, began.type)
        standing["each_post_from"] = case(((began <= earliest) & has_mark, earliest), else_=began)
    standing |= _silence(outlook)
    return [
        *(column.label(name) for name, column in standing.items()),
        Suppression.__table__.c.id.is_not(None).label("is_suppressed"),
        *((columns.id > cursor).label(f"is_behind_{nth}") for nth, cursor in enumerate(outlook.cursors)),
    ]


def _silence(outlook: Outlook) -> dict[str, ColumnElement[Any]]:
    """What of a reader's signs decides whether they are asked for one, and fall silent, while one looks ahead."""
    asked_at, heard_at = Subscription.__table__.c.asked_again_at, _last_sign()
    nothing = null().cast(asked_at.type)
    if outlook.silent_from is None or outlook.silent_until is None:
        return {"last_sign_at": nothing, "asked_again_at": nothing}
    earliest = literal(outlook.silent_from, asked_at.type)
    return {
        "last_sign_at": case(
            (asked_at.is_not(None) | (heard_at > outlook.silent_until), nothing),
            (heard_at <= earliest, earliest),
            else_=heard_at,
        ),
        "asked_again_at": asked_at,
    }
