"""What changes many reminders at once: their post, their person's zone, the rules by which clocks are set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from webapp.core import zones
from webapp.core.words import mark
from webapp.extensions import db
from webapp.mail import operations as ledger
from webapp.mail.operations import LIFETIME
from webapp.posts.models import Post, PostState
from webapp.reminders import bonds, history, operations
from webapp.reminders.models import COMING, Condition, Reminder, ReminderKind, ReminderState, What
from webapp.settings.models import SiteSetting

CLOCK_RULES = "clock_rules"
PAGE = 500

log = structlog.get_logger()


def follow_post(post: Post, *, now: datetime) -> None:
    """What depends on a post takes note of how it stands now: it cancels itself, moves, or waits."""
    bond = bonds.Bond.of(post)
    for reminder in db.session.scalars(bonds.bound_to(post.id).where(Reminder.state.in_(COMING))).all():
        if reminder.condition is Condition.SCHEDULED:
            _follow_schedule(reminder, post, now)
        elif (why := bond.why_over(reminder, now)) and post.state in {PostState.PUBLISHED, PostState.DRAFT}:
            operations.satisfy(reminder, why, now=now)
    if post.state is PostState.TRASHED:
        _keep_back(post, now)


def _keep_back(post: Post, now: datetime) -> None:
    """What has come already and still waits for a mail server asks nobody about a post that is in the trash."""
    lately = Reminder.fired_at > now - LIFETIME
    for number in db.session.scalars(bonds.bound_to(post.id).where(lately).with_only_columns(Reminder.id)).all():
        why = bonds.SATISFIED_BY[PostState.TRASHED]
        ledger.cancel_waiting(keys_with=history.stem(number), reason=why, now=now)


def settle_published(*, now: datetime) -> int:
    """The same for the posts that have just appeared by themselves. Returns how many reminders cancelled themselves."""
    waiting = (
        select(Reminder, Post)
        .join(Post, Post.id == Reminder.post_id)
        .where(
            Reminder.condition != Condition.NONE,
            Reminder.state.in_(COMING),
            Post.state == PostState.PUBLISHED,
            Post.updated_at >= now - timedelta(minutes=1),
        )
        .limit(PAGE)
        .execution_options(populate_existing=True)
    )
    settled = 0
    for reminder, post in db.session.execute(waiting).all():
        if why := bonds.Bond.of(post).why_over(reminder, now):
            operations.satisfy(reminder, why, now=now)
            settled += 1
    return settled


def follow_person(person_id: int, *, was: str, zone: str, now: datetime) -> int:
    """The reminders that a person has where they lived move with them, on the wall's clock. Returns how many that were.

    What they set for another city stays there.
    """
    why = f"{zones.city(was)} → {zones.city(zone)}"
    theirs = select(Reminder).where(
        Reminder.person_id == person_id,
        Reminder.state.in_(COMING),
        Reminder.kind == ReminderKind.REMINDER,
        Reminder.zone == was,
        Reminder.condition != Condition.SCHEDULED,
    )
    found = db.session.scalars(theirs.with_for_update()).all()
    for reminder in found:
        operations.rezone(reminder, zone, now=now, why=why)
    return len(found)


def note_expired(mails: Sequence[tuple[str, datetime]], *, now: datetime) -> None:
    """Their mails, as (key of the ledger, due time), were tried for a day and never taken: that is told to each person.

    Of the mail to somebody else, where the person had one too, only the history tells.
    """
    due = {
        (number, to_other): (key, at)
        for key, at in mails
        for to_other in (False, True)
        if (number := history.reminder_in(key, to_other=to_other)) is not None
    }
    found = select(Reminder).where(
        Reminder.id.in_({number for number, _to_other in due}), Reminder.kind == ReminderKind.REMINDER
    )
    by_id = {reminder.id: reminder for reminder in db.session.scalars(found.with_for_update()).all()}
    for (number, to_other), (key, due_at) in due.items():
        reminder, version = by_id.get(number), history.version_in(key)
        if reminder is None:
            continue
        note = reminder.recipient.address if to_other and reminder.recipient else ""
        history.note(reminder, What.EXPIRED, now=now, due_at=due_at, version=version, note=note)
        if to_other and reminder.with_me:
            continue
        reminder.missed_at = min(reminder.missed_at or due_at, due_at)
        if reminder.state is ReminderState.FIRED and reminder.version == version:
            reminder.state = ReminderState.EXPIRED


def follow_clock_rules(*, now: datetime) -> Iterator[int]:
    """Works every reminder to come out anew, if the zone data is not the one that was used last; page by page.

    The caller commits after each page and at the end. Who dies in between begins again.
    """
    version = zones.version()
    known = db.session.get(SiteSetting, CLOCK_RULES, populate_existing=True)
    if known is not None and known.value.get("version") == version:
        return
    if known is not None:
        log.info("reminders.clock_rules_changed", was=known.value.get("version"), now=version)
        yield from _every_page(now)
        known = db.session.get(SiteSetting, CLOCK_RULES, populate_existing=True)
    if known is None:
        db.session.add(SiteSetting(name=CLOCK_RULES, value={"version": version}))
    else:
        known.value = {"version": version}


def _every_page(now: datetime) -> Iterator[int]:
    last = 0
    while True:
        page = db.session.scalars(
            select(Reminder)
            .where(Reminder.id > last, Reminder.state.in_(COMING), Reminder.due_at > now)
            .order_by(Reminder.id)
            .limit(PAGE)
            .with_for_update()
        ).all()
        if not page:
            return
        last = page[-1].id
        yield sum(
            operations.follow_clock_rules(reminder, now=now, why=mark("the rules of its zone have changed"))
            for reminder in page
        )


def _follow_schedule(reminder: Reminder, post: Post, now: datetime) -> None:
    lead = timedelta(minutes=reminder.lead_minutes or 0)
    if post.state is PostState.PUBLISHED:
        operations.satisfy(reminder, bonds.SATISFIED_BY[post.state], now=now)
    elif post.state is PostState.SCHEDULED and post.publish_at is not None:
        due_at = max(post.publish_at - lead, now)
        if due_at != reminder.due_at or reminder.state is not ReminderState.PENDING:
            operations.move(reminder, due_at=due_at, now=now, why=mark("the post appears at another time"))
    elif reminder.state is ReminderState.PENDING:
        operations.wait(reminder, now=now, why=bonds.SATISFIED_BY[post.state])
