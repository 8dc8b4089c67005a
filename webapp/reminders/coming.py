"""The reminders that nobody has been sent yet: each with all the times it falls on. It only reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from webapp.core.words import mark
from webapp.mail import operations as ledger
from webapp.mail.models import Kind
from webapp.reminders import queries, recurrence

SUPPRESSED = mark("this address is not written to any more")
EXPIRED = mark("its time has passed")


@dataclass(frozen=True)
class Firing:
    """One mail of a reminder, at its due time or now when that has passed; ``why_not`` says why it is left out."""

    at: datetime
    kind: Kind
    text: str
    zone: str
    address: str
    why_not: str = ""


def firings(*, now: datetime, until: datetime) -> Iterator[Firing]:
    """Every firing from ``now`` up to but not including ``until``, reminder by reminder, each in the order of time."""
    for reminder, address, is_suppressed in queries.pending_before(until):
        kind = Kind(reminder.kind.value)
        due_at, at = reminder.due_at, max(reminder.due_at, now)
        is_expired = ledger.worth_sending_until(kind, due_at) <= now
        why_not = EXPIRED if is_expired else SUPPRESSED if is_suppressed else ""
        yield Firing(at, kind, reminder.text, reminder.zone, address, why_not)
        for _wall_time, instant in recurrence.following(reminder, at):
            if instant >= until:
                break
            yield Firing(instant, kind, reminder.text, reminder.zone, address, SUPPRESSED if is_suppressed else "")
