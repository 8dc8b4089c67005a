"""One mail, from claim to record.

It commits as it goes: the ledger has to know that a mail is about to leave before the server that takes it does, and
no transaction stays open while we wait for that server.
"""

from __future__ import annotations

import os
import socket

import structlog

from webapp.core import clock, site
from webapp.extensions import db
from webapp.mail import message, operations
from webapp.mail.models import Delivery
from webapp.mail.operations import Claim
from webapp.mail.transport import Connection, Outcome

BATCH = 20
"""Few enough that the last one of a batch is sent well within its thirty-second claim."""

log = structlog.get_logger()


def deliver(delivery_id: int) -> bool:
    """Sends one mail if it is queued and due. True when this call was the one that had it."""
    held = operations.claim(delivery_id, now=clock.now())
    db.session.commit()
    if held is None:
        return False
    with Connection(site.config()) as connection:
        send(held, connection)
    return True


def drain(*, most: int = 10_000) -> int:
    """Sends what is queued and due, over one connection, until there is no more; returns how many that were."""
    done = 0
    with Connection(site.config()) as connection:
        while done < most:
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
    recipient = delivery.address
    db.session.commit()

    outcome: Outcome | None = connection.offer(config.mail_from, recipient)
    if outcome is None:
        is_ours = operations.start_sending(held, now=clock.now())
        db.session.commit()
        if not is_ours:
            connection.reset()
            return
        outcome = connection.deliver(wire)
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
