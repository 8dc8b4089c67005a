"""The reminders that nobody has been sent yet: each with all the times it falls on. It only reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from webapp.core.words import _, mark
from webapp.mail import operations as ledger
from webapp.mail.models import Kind
from webapp.reminders import queries, recurrence

SUPPRESSED = mark("this address is not written to any more")
NOT_ACCEPTED = mark("the owner of the other address has not said yes, or not any more")
EXPIRED = mark("its time has passed")
NOT_WANTED = mark("what it waits for has happened")
MISSED = mark("What could not be sent in time")


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
    """Every firing from ``now`` up to but not including ``until``, reminder by reminder, each in the order of time.

    At the end comes the one mail that tells each person what has expired.
    """
    told = dict([*queries.untold(), *queries.expiring(now)])
    for each in queries.pending_before(until):
        reminder, kind = each.reminder, Kind(each.reminder.kind.value)
        due_at = recurrence.latest(reminder, now) if reminder.due_at <= now else reminder.due_at
        at = max(due_at, now)
        why_not = _why_not(each, kind, due_at, at, now)
        yield from _mails(each, kind, at, why_not)
        if why_not == EXPIRED and kind is Kind.REMINDER and not each.is_suppressed:
            told[each.address] = reminder.zone
        if why_not == NOT_WANTED:
            continue
        for _wall_time, instant in recurrence.following(reminder, at):
            if instant >= until:
                break
            why_not = _why_not(each, kind, instant, instant, now)
            yield from _mails(each, kind, instant, why_not)
            if why_not == NOT_WANTED:
                break
    for address, zone in told.items():
        yield Firing(now, Kind.REMINDER, _(MISSED), zone, address)


def _mails(each: queries.Pending, kind: Kind, at: datetime, why_not: str) -> Iterator[Firing]:
    """The mails of one firing: to its person, to somebody else, or to both. What concerns all of them is said once."""
    reminder, other = each.reminder, each.reminder.recipient
    to_me = Firing(at, kind, reminder.text, reminder.zone, each.address, why_not or (SUPPRESSED * each.is_suppressed))
    if why_not or other is None:
        yield to_me
        return
    if reminder.with_me or not other.is_open:
        yield to_me
    why_no_other = NOT_ACCEPTED if not other.is_open else SUPPRESSED * each.is_other_suppressed
    yield Firing(at, kind, reminder.text, reminder.zone, other.address, why_no_other)


def _why_not(each: queries.Pending, kind: Kind, due_at: datetime, at: datetime, now: datetime) -> str:
    """Why nobody gets it, in the order in which the rules that send ask."""
    if each.bond.why_over(each.reminder, at):
        return NOT_WANTED
    if ledger.worth_sending_until(kind, due_at) <= now:
        return EXPIRED
    return ""
