"""Asking for an import or an export, and the states it goes through."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, and_, or_, update

from webapp import jobs
from webapp.accounts.models import Person
from webapp.audit import operations as audit
from webapp.extensions import db
from webapp.portability.models import Direction, Transfer, TransferState
from webapp.portability.records import LEASE

TASK = "portability.run"


def ask(
    direction: Direction,
    *,
    system: str,
    file: str,
    name: str,
    by: Person | None,
    options: dict[str, Any],
    now: datetime,
    is_by_shell: bool = False,
) -> Transfer:
    """Writes down what is wanted. A worker takes it up after the commit, unless it ``is_by_shell``."""
    transfer = Transfer(
        direction=direction,
        system=system,
        file=file,
        name=name[:200],
        person_id=by.id if by else None,
        options={**options, "by_shell": is_by_shell},
        counts={},
        created_at=now,
        updated_at=now,
    )
    db.session.add(transfer)
    db.session.flush()
    audit.record(
        f"{direction}.asked",
        f"{system} {name}"[:200],
        now=now,
        actor=by.email if by else audit.SHELL,
        person_id=by.id if by else None,
        transfer=transfer.id,
    )
    if not is_by_shell:
        jobs.after_commit(db.session(), TASK, transfer.id)
    return transfer


def claim(transfer_id: int, *, now: datetime) -> bool:
    """Takes a run up: True for exactly one caller, who must keep its lease."""
    token = secrets.token_hex(16)
    claimed = db.session.execute(
        update(Transfer)
        .where(
            Transfer.id == transfer_id,
            or_(
                Transfer.state == TransferState.WAITING,
                and_(Transfer.state == TransferState.RUNNING, Transfer.lease_until < now),
            ),
        )
        .values(state=TransferState.RUNNING, claim_token=token, lease_until=now + LEASE, started_at=now)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", claimed).rowcount == 1


def finish(transfer: Transfer, *, now: datetime, error: str = "") -> None:
    """Ends a run, well or with a sentence that says why not."""
    transfer.state = TransferState.FAILED if error else TransferState.DONE
    transfer.error = error
    transfer.ended_at = now
    transfer.claim_token = transfer.lease_until = None


def give_up_interrupted(*, now: datetime) -> None:
    """Closes the runs of command lines that are gone: their command, given again, goes on where they stopped."""
    for transfer in db.session.query(Transfer).filter(
        Transfer.state == TransferState.RUNNING, Transfer.lease_until < now
    ):
        if transfer.options.get("by_shell"):
            finish(transfer, now=now, error="It was interrupted. Give the command again: it goes on where it stopped.")
