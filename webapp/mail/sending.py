"""One mail, from claim to record.

It commits as it goes: the ledger has to know that a mail is about to leave before the server that takes it does, and
no transaction stays open while we wait for that server.
"""

from __future__ import annotations

import math
import os
import socket
import time
from datetime import datetime

import structlog

from webapp.core import clock, site
from webapp.extensions import db
from webapp.mail import bounces, holds, message, operations, queries
from webapp.mail.models import Delivery
from webapp.mail.operations import Claim
from webapp.mail.transport import Connection, Outcome, Phase, Verdict

BATCH = 20
"""Few enough that the last one of a batch is sent well within its thirty-second claim."""

SLOW_SECONDS = 20
"""A server that takes longer than this from DATA to the dot is asked for the dot only by who still has the mail."""


log = structlog.get_logger()


def deliver(delivery_id: int) -> bool:
    """Sends one mail if it is queued and due. True when this call was the one that had it."""
    is_waiting = not holds.active() and queries.is_waiting(delivery_id, clock.now())
    db.session.rollback()
    with Connection(site.config()) as connection:
        if not is_waiting or connection.must_wait:
            return False
        connection.open()  # before the claim, which is too short for a server that is slow to greet
        held = operations.claim(delivery_id, now=clock.now())
        db.session.commit()
        if held is None:
            return False
        send(held, connection)
    return True


def drain(*, most: int = 10_000, seconds: float = math.inf) -> int:
    """Sends what is queued and due, over one connection, until there is no more; returns how many that were.

    After ``most`` mails or so many ``seconds`` it begins no further batch.
    """
    done, began = 0, time.monotonic()
    with Connection(site.config()) as connection:
        while done < most and not connection.must_wait and (not done or time.monotonic() - began < seconds):
            if not done and not _open_for_some(connection):
                break
            claims = operations.claim_batch(limit=BATCH, now=clock.now())
            db.session.commit()
            if not claims:
                break
            for held in claims:
                send(held, connection)
            done += len(claims)
    return done


def send(held: Claim, connection: Connection) -> None:
    """Carries a claimed mail through the phases of SMTP and writes down how it ended. Never raises for the server."""
    started_at = clock.now()
    delivery = db.session.get_one(Delivery, held.delivery_id, populate_existing=True)
    if operations.end_unsent(held, delivery, now=started_at):
        db.session.commit()
        return
    config = site.config()
    wire = message.build(delivery, config)
    sender, recipient = bounces.sender(delivery.id, config), delivery.address
    db.session.commit()

    try:
        outcome = connection.offer(sender, recipient)
        if outcome is None:
            is_ours = operations.start_sending(held, now=clock.now())
            db.session.commit()
            if not is_ours:
                return
            outcome = connection.deliver(wire, may_finish=_Patience(held))
    except (SystemExit, KeyboardInterrupt):
        _record(held, _cut_short(connection), started_at)
        raise
    _record(held, outcome, started_at)


class _Patience:
    """Whether a mail on its way may be finished. Most go so fast that the lease cannot have ended meanwhile."""

    def __init__(self, held: Claim) -> None:
        self.held, self.began = held, time.monotonic()

    def __call__(self) -> bool:
        if time.monotonic() - self.began < SLOW_SECONDS:
            return True
        is_ours = operations.still_sending(self.held, now=clock.now())
        db.session.commit()
        return is_ours


def _open_for_some(connection: Connection) -> bool:
    is_some = not holds.active() and bool(queries.due(clock.now(), limit=1))
    db.session.rollback()
    if is_some:
        connection.open()
    return is_some


def _cut_short(connection: Connection) -> Outcome:
    """How a mail stands when this process is told to end: the server may have it once the dot is on its way."""
    connection.drop()
    verdict = Verdict.UNCERTAIN if connection.phase is Phase.DOT else Verdict.STOPPED
    return Outcome(verdict, connection.phase, None, "the process that was sending it was told to end")


def _record(held: Claim, outcome: Outcome, started_at: datetime) -> None:
    db.session.rollback()
    operations.record(held, outcome, worker=_worker(), started_at=started_at, now=clock.now())
    db.session.commit()
    log.info(
        "mail.attempt",
        delivery=held.delivery_id,
        verdict=str(outcome.verdict),
        phase=str(outcome.phase),
        code=outcome.code,
    )


def _worker() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
