"""What keeps all mail in the house: while a hold is active nothing is claimed, and nothing claimed reaches DATA.

A hold is placed by the program when sending would do harm, or by an operator, and is released by an operator only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

import structlog
from sqlalchemy import ColumnElement, CursorResult, exists, select, update
from sqlalchemy.dialects import postgresql, sqlite

from webapp.audit import operations as audit
from webapp.extensions import db
from webapp.mail.models import HoldKind, MailHold
from webapp.settings import instance

log = structlog.get_logger()


def active() -> Sequence[MailHold]:
    """The holds that keep mail back at present, oldest first; none when mail goes out."""
    return db.session.scalars(select(MailHold).where(MailHold.released_at.is_(None)).order_by(MailHold.id)).all()


def nothing_holds() -> ColumnElement[bool]:
    """The condition, for the statement that claims a row, that no hold is active."""
    return ~exists(select(MailHold.id).where(MailHold.released_at.is_(None)))


def place(kind: HoldKind, reason: str, *, now: datetime) -> bool:
    """Holds all mail. ``reason`` is for the operator who reads it. False when a hold of this kind is there already."""
    insert = (postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite).insert
    placed = db.session.scalar(
        insert(MailHold)
        .values(kind=kind, reason=reason, placed_at=now)
        .on_conflict_do_nothing(index_elements=["kind"], index_where=MailHold.released_at.is_(None))
        .returning(MailHold.id)
    )
    if placed is None:
        return False
    audit.record("mail.held", f"hold {placed}", now=now, actor="almanac", kind=str(kind), reason=reason)
    log.warning("mail.held", kind=str(kind), reason=reason)
    return True


def release(*, by: str, now: datetime) -> int:
    """Lets mail go again; returns how many holds that ended. ``by`` is who said so.

    Where the database was in doubt, it is this house's own from now on, whatever was before.
    """
    is_in_doubt = any(each.kind is HoldKind.COPY for each in active())
    if is_in_doubt or instance.doubt() is not None:
        instance.adopt(anew=True, now=now)
    result = db.session.execute(
        update(MailHold)
        .where(MailHold.released_at.is_(None))
        .values(released_at=now, released_by=by)
        .execution_options(synchronize_session="fetch")
    )
    released = cast("CursorResult[Any]", result).rowcount
    if released:
        audit.record("mail.released", "all mail", now=now, actor=by, holds=released)
        log.warning("mail.released", by=by, holds=released)
    return released
