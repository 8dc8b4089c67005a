"""Since when something should have left the house and has not.

What waits on purpose is not late: while a copy of the database or an operator's word holds all mail, nothing here is,
and after its release the time counts anew. A mail that a server put off with a 4xx of its own waits for that server;
one that found no server at all is late.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from webapp.mail.models import HoldKind
from webapp.ops import queries

ALARM_AFTER = timedelta(minutes=5)
ON_PURPOSE = frozenset({HoldKind.COPY, HoldKind.OPERATOR})


@dataclass(frozen=True)
class Lateness:
    """Since when the oldest reminder and the oldest mail are late; None when none is."""

    reminders: datetime | None
    mail: datetime | None

    @property
    def since(self) -> datetime | None:
        """The older of the two."""
        return min((each for each in (self.reminders, self.mail) if each is not None), default=None)


def lateness(now: datetime) -> Lateness:
    """How things stand at this instant."""
    if is_held_on_purpose():
        return Lateness(None, None)
    released_at = queries.last_release()
    return Lateness(
        _since(queries.oldest_pending_reminder(), released_at, now),
        _since(queries.oldest_waiting_mail(), released_at, now),
    )


def is_held_on_purpose() -> bool:
    """Whether all mail is held for a reason that is no trouble."""
    return any(hold.kind in ON_PURPOSE for hold in queries.holds())


def _since(due: datetime | None, released_at: datetime | None, now: datetime) -> datetime | None:
    if due is None or due > now:
        return None
    return max(due, released_at) if released_at else due
