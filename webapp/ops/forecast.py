"""Every mail that would go out in the days to come, and every one that would not, and why. It sends and writes nothing.

What each feature still has to send it says itself (``reminders.coming``, ``digests.coming``, the ledger's queue), by
the rules that send. Here they are put in the order of time and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain

from webapp.core import site
from webapp.core.words import _, mark
from webapp.digests import coming as letters
from webapp.mail import queries as ledger
from webapp.mail.models import Kind
from webapp.ops import queries
from webapp.reminders import coming as reminders

MOST_DAYS = 60
LISTED = 200
"""Mails to one person that are listed, the soonest. All are counted."""

TO_MANY = frozenset({Kind.DIGEST, Kind.POST})
TITLES = 3
TOO_LATE = mark("its time has passed")
SUPPRESSED = mark("this address is not written to any more")
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Planned:
    """Some mails that would go out at one instant, to one ``address`` or, when that is None, to ``count`` readers.

    ``zone`` is where the time was chosen: the reminder's, or the site's. ``since`` is where a letter's window starts.
    ``is_written`` says that they are in the ledger already and wait for their (next) attempt.
    """

    at: datetime
    kind: Kind
    zone: str
    what: str
    count: int = 1
    address: str | None = None
    since: datetime | None = None
    is_written: bool = False


@dataclass(frozen=True)
class LeftOut:
    """How many mails would not go out, and why. ``at`` is the slot of a letter, None for the others taken together."""

    at: datetime | None
    kind: Kind
    reason: str
    count: int


@dataclass(frozen=True)
class Day:
    """One day on the site's calendar."""

    on: date
    counts: Mapping[Kind, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class Forecast:
    """What would happen from ``start`` up to but not including ``end``, if everything that sends is awake.

    ``mails`` lists the letters and the soonest of the others; ``unlisted`` is how many more are only counted, in
    ``days`` and ``total``. ``held`` says why nothing goes out at all until an operator releases it.
    """

    start: datetime
    end: datetime
    days: Sequence[Day]
    mails: Sequence[Planned]
    skipped: Sequence[LeftOut]
    held: Sequence[str]

    @property
    def total(self) -> int:
        return sum(day.total for day in self.days)

    @property
    def by_kind(self) -> Mapping[Kind, int]:
        return sum((Counter(day.counts) for day in self.days), Counter())

    @property
    def unlisted(self) -> int:
        return self.total - sum(planned.count for planned in self.mails)


def forecast(now: datetime, days: int) -> Forecast:
    """The next 1 to :data:`MOST_DAYS` times 24 hours."""
    until = now + timedelta(days=days)
    tally = _Tally()
    for each in chain(_waiting(now, until), _reminders(now, until), _questions(now, until), _letters(now, until)):
        tally.add(each)
    return Forecast(
        start=now,
        end=until,
        days=tally.days(now, until),
        mails=tally.mails(),
        skipped=tally.left_out(),
        held=[hold.reason for hold in queries.holds()],
    )


def each_mail(now: datetime, days: int) -> Iterator[tuple[datetime, Kind, str]]:
    """Every single mail of the forecast as (at, kind, address), however many, in no particular order."""
    until = now + timedelta(days=days)
    for each in chain(_waiting(now, until), _reminders(now, until), _questions(now, until)):
        if isinstance(each, Planned) and each.address is not None:
            yield each.at, each.kind, each.address
    for letter in letters.letters(now=now, until=until):
        for window in letter.windows:
            for address in window.addresses():
                yield letter.at, letter.kind, address


# Where mails come from


def _waiting(now: datetime, until: datetime) -> Iterator[Planned | LeftOut]:
    zone = site.config().site_timezone
    for kind, address, subject, next_attempt_at, expires_at, is_suppressed in ledger.waiting_before(until):
        at = max(next_attempt_at, now)
        if expires_at <= at:
            yield LeftOut(None, kind, TOO_LATE, 1)
        elif is_suppressed:
            yield LeftOut(None, kind, SUPPRESSED, 1)
        else:
            yield Planned(at, kind, zone, subject, address=address, is_written=True)


def _reminders(now: datetime, until: datetime) -> Iterator[Planned | LeftOut]:
    for firing in reminders.firings(now=now, until=until):
        if firing.why_not:
            yield LeftOut(None, firing.kind, firing.why_not, 1)
        else:
            yield Planned(firing.at, firing.kind, firing.zone, firing.text, address=firing.address)


def _questions(now: datetime, until: datetime) -> Iterator[Planned | LeftOut]:
    zone = site.config().site_timezone
    for at, address, is_suppressed in letters.questions(now=now, until=until):
        if is_suppressed:
            yield LeftOut(None, Kind.CONFIRM, SUPPRESSED, 1)
        else:
            yield Planned(at, Kind.CONFIRM, zone, _("Whether letters are still wanted"), address=address)


def _letters(now: datetime, until: datetime) -> Iterator[Planned | LeftOut]:
    for letter in letters.letters(now=now, until=until):
        for window in letter.windows:
            what = _listed(window.titles)
            yield Planned(letter.at, letter.kind, letter.zone, what, window.count, since=window.start)
        for reason, count in letter.left_out.items():
            yield LeftOut(letter.at, letter.kind, reason, count)


def _listed(titles: Sequence[str]) -> str:
    shown = _(", ").join(_("“%(title)s”", title=title) for title in titles[:TITLES])
    if len(titles) <= TITLES:
        return shown
    return _("%(titles)s and %(count)s more", titles=shown, count=len(titles) - TITLES)


# Counting


@dataclass
class _Tally:
    """Counts everything and keeps the soonest, in as much room for a hundred thousand mails as for a thousand."""

    counts: Counter[tuple[date, Kind]] = field(default_factory=Counter)
    skipped: Counter[tuple[datetime | None, Kind, str]] = field(default_factory=Counter)
    batches: Counter[tuple[datetime, Kind, str]] = field(default_factory=Counter)
    to_many: list[Planned] = field(default_factory=list)
    to_one: list[Planned] = field(default_factory=list)

    def add(self, each: Planned | LeftOut) -> None:
        if isinstance(each, LeftOut):
            self.skipped[each.at, each.kind, each.reason] += each.count
            return
        self.counts[each.at.astimezone(site.config().zone).date(), each.kind] += each.count
        if each.address is None:
            self.to_many.append(each)
        elif each.kind in TO_MANY:  # a letter on its way is thousands of rows that wait for the same minute
            self.batches[each.at.replace(second=0, microsecond=0), each.kind, each.what] += 1
        else:
            self.to_one.append(each)
            if len(self.to_one) >= 2 * LISTED:
                self.to_one = _soonest(self.to_one)[:LISTED]

    def mails(self) -> list[Planned]:
        zone = site.config().site_timezone
        batches = (
            Planned(at, kind, zone, subject, count, is_written=True)
            for (at, kind, subject), count in self.batches.items()
        )
        return _soonest([*self.to_many, *batches, *_soonest(self.to_one)[:LISTED]])

    def left_out(self) -> list[LeftOut]:
        rows = [LeftOut(*key, count) for key, count in self.skipped.items()]
        return sorted(rows, key=lambda row: (row.at is not None, row.at or row.reason, row.kind, row.reason))

    def days(self, start: datetime, end: datetime) -> list[Day]:
        zone = site.config().zone
        first, last = start.astimezone(zone).date(), (end - timedelta(microseconds=1)).astimezone(zone).date()
        return [
            Day(on, {kind: self.counts[on, kind] for kind in Kind if self.counts[on, kind]})
            for on in (first + timedelta(days=count) for count in range((last - first).days + 1))
        ]


def _soonest(mails: Iterable[Planned]) -> list[Planned]:
    return sorted(mails, key=lambda planned: (planned.at, planned.kind, planned.address or "", planned.what))
