"""A due reminder becomes a mail: where the message from the broker and the dispatcher meet, and one of them wins."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog

from webapp.core import clock, site
from webapp.extensions import db
from webapp.mail import sending
from webapp.mail.models import Delivery
from webapp.mail.operations import Claim
from webapp.mail.transport import Connection
from webapp.reminders import claiming, history, mails, queries, reporting
from webapp.reminders.claiming import Claimed
from webapp.reminders.models import Reminder, ReminderState, What

log = structlog.get_logger()

EARLY = timedelta(seconds=1)
"""A message that comes this much before its time waits here. An earlier one is left to the dispatcher."""


def fire(reminder_id: int, version: int) -> bool:
    """Claims a due reminder, writes its mail and sends it. False when there is nothing, or no longer anything, to do.

    The claim and the ledger's row are one transaction: whoever dies after it leaves a mail that the sweep sends.
    """
    return fire_each([(reminder_id, version)]) == 1


def fire_each(reminders: Iterable[tuple[int, int]]) -> int:
    """The same for several, (id, version) each, one after the other over one connection; returns how many were sent.

    One that cannot be fired keeps no other from it; its error is raised when all have been tried.
    """
    sent, failure, expired = 0, None, set[int]()
    with Connection(site.config()) as connection:
        for reminder_id, version in reminders:
            try:
                sent += _fire(reminder_id, version, connection, expired)
            except Exception as error:  # noqa: BLE001  # it is raised below, or logged if it is not the first
                db.session.rollback()
                log.warning("reminder.failed", reminder=reminder_id, error=repr(error))
                failure = failure or error
    if expired:
        reporting.report(now=clock.now(), people=expired)
        db.session.commit()
    if failure is not None:
        raise failure
    return sent


def _fire(reminder_id: int, version: int, connection: Connection, expired: set[int]) -> bool:
    """Fires one. Whose time has passed altogether is added to ``expired``, to be told in one mail."""
    reminder = queries.to_fire(reminder_id)
    if reminder is None or reminder.version != version or reminder.state is not ReminderState.PENDING:
        db.session.rollback()
        return False
    wait = reminder.due_at - clock.now()
    if wait > EARLY:
        db.session.rollback()
        return False
    if wait > timedelta(0):
        db.session.rollback()  # no transaction stays open while we wait
        time.sleep(wait.total_seconds())
        reminder = queries.to_fire(reminder_id)
        if reminder is None:
            return False

    now = clock.now()
    claimed = claiming.claim(reminder, now=now) if reminder.version == version else None
    if claimed is None or not claimed.is_sent:
        if claimed is not None and claimed.what is What.EXPIRED:
            expired.add(reminder.person_id)
        db.session.commit()  # nothing, or that all mail is held, or why there is no mail
        return False
    db.session.refresh(reminder, ["version", "state"])
    claim_token = secrets.token_hex(16)
    written = _write(reminder, claimed, version, now, claim_token)
    db.session.commit()
    for delivery in written:
        sending.send(Claim(delivery.id, claim_token), connection)
    return bool(written)


def _write(reminder: Reminder, claimed: Claimed, version: int, now: datetime, claim_token: str) -> list[Delivery]:
    """The mails of one firing: to its person, to somebody else, or to both. Never to somebody who has not said yes."""
    other = queries.recipient_behind(reminder.recipient_id, to_change=True) if reminder.recipient_id else None
    goes_on = other is not None and other.is_open
    found: list[Delivery | None] = []
    if reminder.with_me or not goes_on:
        mine = mails.write(
            reminder,
            due_at=claimed.due_at,
            dedupe_key=history.dedupe_key(reminder.id, version),
            version_after=reminder.version,
            now=now,
            claim_token=claim_token,
        )
        found.append(mine)
    if other is not None:
        what = What.PASSED_ON if goes_on else What.WITHHELD
        history.note(reminder, what, now=now, due_at=claimed.due_at, version=version, note=other.address)
    if other is not None and goes_on:
        key = history.dedupe_key(reminder.id, version, to_other=True)
        theirs = mails.write_to_other(
            reminder, other, due_at=claimed.due_at, dedupe_key=key, now=now, claim_token=claim_token
        )
        found.append(theirs)
    return [delivery for delivery in found if delivery is not None]
