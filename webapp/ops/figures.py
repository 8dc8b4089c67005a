"""How the house is doing, in numbers and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, exists, func, select

from webapp.core import weekly
from webapp.core.db import Model
from webapp.core.words import _, later, mark, ngettext, sentences
from webapp.digests import opening
from webapp.extensions import db
from webapp.mail.models import Delivery, DeliveryAttempt, State
from webapp.ops.checks import Check
from webapp.ops.spans import seconds_between
from webapp.reminders.models import Reminder, ReminderState
from webapp.subscriptions import queries as subscriptions
from webapp.subscriptions import schedules
from webapp.subscriptions.models import Subscription

A_DAY = timedelta(hours=24)
AN_HOUR = timedelta(hours=1)
LATE = timedelta(minutes=1)
WAITING = (State.QUEUED, State.CLAIMED, State.SENDING)

NUMBERS = tuple(
    later(word)
    for word in (
        mark("no"),
        mark("one"),
        mark("two"),
        mark("three"),
        mark("four"),
        mark("five"),
        mark("six"),
        mark("seven"),
        mark("eight"),
        mark("nine"),
        mark("ten"),
        mark("eleven"),
        mark("twelve"),
    )
)
TROUBLES = {
    "migrations": later("The tables are of another version."),
    "broker": later("The broker does not answer."),
    "queues": later("Not every queue is there and heard."),
    "worker": later("The worker is silent."),
    "beat": later("Beat is silent."),
    "dispatcher": later("The dispatcher is silent."),
    "reminders": later("Reminders are late."),
    "mail": later("Mail is late."),
    "smtp": later("Mail cannot be handed to the mail server."),
    "disk": later("The disk needs room."),
}
"""What is wrong, for the headline, when the check of that name does not pass."""


@dataclass(frozen=True)
class Figures:
    """The last 24 hours and the next one.

    ``late`` counts what left over a minute after its time in these 24 hours, and what still waits that long.
    ``due_soon`` is what is due in the next hour, with what should have gone already. ``letter_readers`` are those whose
    slot the site's next one is, whether there will be something new to them or not.
    """

    sent: int
    tried_again: int
    uncertain: int
    late: int
    due_soon: int
    letter_at: datetime
    letter_readers: int


def figures(now: datetime) -> Figures:
    """Counted in one statement, but for the schedules."""
    letter_at = weekly.letter().after(now)
    then = [key for key in opening.slotted() if schedules.named(key).latest(letter_at) == letter_at]
    is_recent = Delivery.sent_at > now - A_DAY
    was_put_off = exists().where(
        DeliveryAttempt.delivery_id == Delivery.id, DeliveryAttempt.outcome.in_(["later", "unreachable"])
    )
    sent, tried_again, uncertain, left_late, mail_late, reminders_late, mail_soon, reminders_soon, readers = (
        db.session.execute(
            select(
                _count(Delivery, is_recent),
                _count(Delivery, is_recent, was_put_off),
                _count(Delivery, Delivery.state == State.UNCERTAIN),
                _count(
                    Delivery,
                    is_recent,
                    seconds_between(Delivery.due_at, Delivery.sent_at) > LATE.total_seconds(),
                ),
                _count(Delivery, Delivery.state.in_(WAITING), Delivery.due_at <= now - LATE),
                _count(Reminder, Reminder.state == ReminderState.PENDING, Reminder.due_at <= now - LATE),
                _count(Delivery, Delivery.state == State.QUEUED, Delivery.next_attempt_at <= now + AN_HOUR),
                _count(Reminder, Reminder.state == ReminderState.PENDING, Reminder.due_at <= now + AN_HOUR),
                _count(Subscription, *subscriptions.reached_by(then, letter_at)),
            )
        ).one()
    )
    return Figures(
        sent=sent,
        tried_again=tried_again,
        uncertain=uncertain,
        late=left_late + mail_late + reminders_late,
        due_soon=mail_soon + reminders_soon,
        letter_at=letter_at,
        letter_readers=readers,
    )


def headline(found: Sequence[Check], *, uncertain: int, is_held: bool) -> str:
    """The state of the house in words: ``All is well. One mail needs a decision.``"""
    wrong = [each for each in found if not each.ok and not (is_held and each.name == "holds")]
    said = [_("Mail is held.")] if is_held else []
    if wrong:
        name = wrong[0].name
        said.append(str(TROUBLES.get(name) or _("The check of %(name)s does not pass.", name=name)))
        others = len(wrong) - 1
        if others:
            how_many = in_words(others).capitalize()
            said.append(
                ngettext(
                    "%(how_many)s more thing is not well.",
                    "%(how_many)s more things are not well.",
                    others,
                    how_many=how_many,
                )
            )
    elif not is_held:
        said.append(_("All is well."))
    if uncertain:
        how_many = in_words(uncertain).capitalize()
        said.append(
            ngettext(
                "%(how_many)s mail needs a decision.",
                "%(how_many)s mails need a decision.",
                uncertain,
                how_many=how_many,
            )
        )
    return sentences(said)


def in_words(number: int) -> str:
    """``seven``, ``1,204``."""
    return str(NUMBERS[number]) if 0 <= number < len(NUMBERS) else f"{number:,}"


def _count(model: type[Model], *conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count()).select_from(model).where(*conditions).scalar_subquery()
