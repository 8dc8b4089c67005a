"""Reminding someone else: the owner of the address is asked, once. Nothing else goes there before they say yes.

What whoever asks is told depends on nothing that is known about the address: not whether it has an account, whether it
is written to at all, or whether its owner wants to be asked.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select
from sqlalchemy.exc import IntegrityError

from webapp.accounts import queries as people
from webapp.accounts.models import Person
from webapp.core import site
from webapp.core.errors import Refused
from webapp.core.text import address as normalised
from webapp.core.words import _, mark
from webapp.extensions import db
from webapp.mail import operations as ledger
from webapp.mail import queries as mails_of
from webapp.mail.models import Kind, State
from webapp.reminders import history, links, mails, queries
from webapp.reminders.models import ClosedAddress, Leave, Recipient, Reminder

A_DAY = timedelta(days=1)
TO_ONE_ADDRESS = 3
"""So many questions of any kind reach one address in a day, whoever asks them."""

UNSENT = frozenset({State.FAILED, State.EXPIRED, State.CANCELLED, State.SUPPRESSED, State.SKIPPED})


def ask(person: Person, raw: str, *, now: datetime) -> Recipient:
    """``person`` wants to remind the owner of an address, who is asked by one mail.

    Asking again sends none, unless the first could not be delivered. Raises :class:`Refused` naming ``email`` while the
    asker's own address is not confirmed, or ``address`` for what is none, for their own, or when they ask too often.
    """
    if not person.is_confirmed:
        raise Refused("email", _("Confirm your mail address first. Then we can remind you."))
    address = normalised(raw, field="address")
    if address == person.email:
        raise Refused("address", _("That is your own address, where your reminders come anyway."))
    recipient = _row_of(person, address, now)
    request = mails.request(recipient, person)  # for every address alike: time must not tell what is known of it
    recipient.taken_back_at = None
    recipient.asked_at = now
    if recipient.leave is Leave.ASKED and _may_be_mailed(recipient, now):
        recipient.requests += 1
        ledger.enqueue(
            kind=Kind.CONFIRM,
            address=address,
            content=mails.content(request, stop=recipient),
            dedupe_key=history.request_key(recipient.id, recipient.requests),
            now=now,
            expires_at=now + links.ANSWER_WITHIN,
        )
    return recipient


def take_back(recipient: Recipient, *, now: datetime) -> None:
    """Whoever asked does not want it any more: what has not left is not sent."""
    recipient.taken_back_at = recipient.taken_back_at or now
    db.session.flush()
    ledger.cancel_waiting(
        dedupe_key=history.request_key(recipient.id, recipient.requests), reason=mark("it was taken back"), now=now
    )
    _silence(recipient, mark("it was taken back"), now)


def accept(recipient: Recipient, *, now: datetime) -> None:
    """Its owner says yes to this person. Saying so twice changes nothing."""
    if recipient.leave is Leave.ACCEPTED:
        return
    recipient.leave = Leave.ACCEPTED
    recipient.answered_at = now
    recipient.accepted_at = recipient.accepted_at or now


def refuse(recipient: Recipient, *, now: datetime) -> None:
    """Its owner says no, or not any more: from this instant nothing of this person's goes there."""
    _say_no(recipient, now)
    db.session.flush()  # the row first: a reminder being fired holds it, and must finish before we look for its mail
    _silence(recipient, mark("its owner does not want it"), now)


def close(address: str, *, now: datetime) -> None:
    """Its owner wants to be asked by nobody. What was accepted before stays so."""
    if is_closed(address):
        return
    try:
        with db.session.begin_nested():
            db.session.add(ClosedAddress(address=address, created_at=now))
    except IntegrityError:
        return
    for recipient in db.session.scalars(select(Recipient).where(Recipient.address == address)).all():
        key = history.request_key(recipient.id, recipient.requests)
        ledger.cancel_waiting(dedupe_key=key, reason=mark("its owner wants to be asked by nobody"), now=now)


def reopen(address: str) -> None:
    """They may be asked again."""
    db.session.execute(delete(ClosedAddress).where(ClosedAddress.address == address))


def is_closed(address: str) -> bool:
    return db.session.scalar(select(ClosedAddress.id).where(ClosedAddress.address == address)) is not None


def forget(person: Person, *, now: datetime) -> None:
    """While an account goes, inside that flush: nothing of theirs reaches others, and others no longer reach them."""
    why = mark("the account is gone")
    for recipient in db.session.scalars(select(Recipient).where(Recipient.person_id == person.id)).all():
        key = history.request_key(recipient.id, recipient.requests)
        ledger.cancel_waiting(dedupe_key=key, reason=why, now=now)
        _silence(recipient, why, now)
    if not person.is_confirmed:
        return  # the address is somebody else's, for all we know, and so is what they have said
    for recipient in db.session.scalars(select(Recipient).where(Recipient.address == person.email)).all():
        _say_no(recipient, now)
        _silence(recipient, why, now)


def open_of(person: Person, address: str) -> Recipient:
    """The recipient at an address that this person may remind. Raises :class:`Refused` naming ``recipient``."""
    clean = normalised(address, field="recipient")
    found = db.session.scalar(queries.recipients_of(person).where(Recipient.address == clean))
    if found is None or not found.is_open:
        raise Refused("recipient", _("The owner of that address has not said yes to you. Ask first."))
    return found


def _say_no(recipient: Recipient, now: datetime) -> None:
    if recipient.leave in {Leave.ASKED, Leave.ACCEPTED}:
        recipient.leave = Leave.WITHDRAWN if recipient.accepted_at else Leave.REFUSED
        recipient.answered_at = now


def _row_of(person: Person, address: str, now: datetime) -> Recipient:
    """The row of this address, held; or a new one, if the person has not asked too many today."""
    known = select(Recipient).where(Recipient.person_id == person.id, Recipient.address == address).with_for_update()
    found = db.session.scalar(known)
    if found is None or not found.is_open:  # asked, refused: whoever asks must not find out by how often they may
        _check_pace(person, now, but=found)
    if found is not None:
        return found
    made = Recipient(person_id=person.id, address=address, leave=Leave.ASKED, requests=0, asked_at=now)
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError:  # the same was asked in this moment
        return db.session.scalars(known).one()
    return made


def _check_pace(person: Person, now: datetime, *, but: Recipient | None) -> None:
    most = site.config().reminder_requests_per_day
    today: Select[int] = select(Recipient.id).where(Recipient.person_id == person.id, Recipient.asked_at > now - A_DAY)
    if but is not None:
        today = today.where(Recipient.id != but.id)
    if most and db.session.scalar(today.order_by(Recipient.asked_at).limit(1).offset(most - 1)) is not None:
        raise Refused("address", _("You have asked %(most)s people within a day. Go on tomorrow.", most=most))


def _may_be_mailed(recipient: Recipient, now: datetime) -> bool:
    """Whether its owner may be asked now: never twice, never who is not written to or wants to be left alone."""
    if is_closed(recipient.address) or mails_of.suppression_of(recipient.address) is not None:
        return False
    if people.mails_since(recipient.address, Kind.CONFIRM, now - A_DAY) >= TO_ONE_ADDRESS:
        return False
    if not recipient.requests:
        return True
    last = mails_of.by_key(history.request_key(recipient.id, recipient.requests))
    return last is not None and last.state in UNSENT


def _silence(recipient: Recipient, reason: str, now: datetime) -> None:
    """Cancels what waits in the ledger for this recipient from this person."""
    waiting = mails_of.waiting_keys(recipient.address, Kind.REMINDER)
    by_reminder = {number: key for key in waiting if (number := history.reminder_in(key, to_other=True)) is not None}
    if not by_reminder:
        return
    theirs = select(Reminder.id).where(Reminder.id.in_(by_reminder), Reminder.recipient_id == recipient.id)
    for number in db.session.scalars(theirs).all():
        ledger.cancel_waiting(dedupe_key=by_reminder[number], reason=reason, now=now)
