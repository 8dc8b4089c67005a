"""Nobody is mailed from a database that was copied or restored, until an operator says that it is the real one.

Compared at every claim, in the claim's own transaction: see docs/adr/0006.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select

from webapp.core.words import mark
from webapp.extensions import db
from webapp.mail import holds
from webapp.mail.models import DeliveryAttempt, HoldKind
from webapp.settings import instance


def keeps_mail_back(*, now: datetime) -> bool:
    """Whether nothing may be claimed at present. A doubt about the database is placed as a hold on the way."""
    return notice(now=now) is not None or db.session.scalar(select(holds.nothing_holds())) is not True


def notice(*, now: datetime) -> str | None:
    """Compares, and holds all mail if the database is not the one it should be; returns why. Commit afterwards."""
    found = why()
    if found is not None:
        holds.place(HoldKind.COPY, found, now=now)
    elif (twin := instance.twin()) is None:
        instance.adopt(anew=False, now=now)
    else:
        instance.remember(twin.counter)  # on a machine without a dispatcher nobody else does
    return found


def why() -> str | None:
    """Why this database may be a copy; None when it is the house's own, or new."""
    if instance.twin() is None and instance.outside() is not None and _has_mailed():
        return mark("the database has sent mail, and does not know this house: it came out of an old backup")
    return instance.doubt()


def count(*, now: datetime) -> int | None:
    """Counts one further, unless mail is held. Commit, then tell `settings.instance.remember` the number."""
    return None if keeps_mail_back(now=now) else instance.raise_counter()


def _has_mailed() -> bool:
    return bool(db.session.scalar(select(exists(select(DeliveryAttempt.id)))))
