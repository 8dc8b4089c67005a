"""The letters that nobody has written yet: whom each would go to, what is new in it, and who gets none and why.

It asks the rules that send, in :mod:`webapp.digests.operations`, and only reads. Readers are counted by where they
stand, since a hundred thousand of them stand in few places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from webapp.core import weekly
from webapp.core.words import mark
from webapp.digests import operations, queries
from webapp.digests.models import RunState
from webapp.posts import queries as posts
from webapp.subscriptions import queries as subscriptions
from webapp.subscriptions.models import SubscriptionState

UNCONFIRMED = mark("has not confirmed")
LEFT = mark("has left")
SUPPRESSED = mark("this address is not written to any more")
NOTHING_NEW = mark("nothing new for the reader")
TOO_LATE = mark("more than 48 hours late")


@dataclass(frozen=True)
class Window:
    """The readers of one letter who have everything up to ``start``, and the titles that are new to them."""

    start: datetime
    titles: Sequence[str]
    count: int
    places: Sequence[tuple[Any, ...]]
    cursors: Sequence[int]

    def addresses(self) -> Iterator[str]:
        """Each reader's address, read in pages."""
        for place in self.places:
            yield from subscriptions.standing_at(place, self.cursors)


@dataclass(frozen=True)
class Letter:
    """One letter. It goes out at ``at``: at its slot, or now when that has passed."""

    at: datetime
    windows: Sequence[Window]
    left_out: Counter[str]


@dataclass(frozen=True)
class _Run:
    at: datetime
    slot_at: datetime
    end: datetime
    nth_cursor: int | None = None


@dataclass
class _Group:
    """Readers who stand in one place, and up to where they will have everything as the letters go by."""

    place: tuple[Any, ...]
    count: int
    covered_until: datetime | None = field(init=False)

    def __post_init__(self) -> None:
        self.covered_until = self.place[0]

    @property
    def is_suppressed(self) -> bool:
        return bool(self.place[1])

    def is_in(self, run: _Run) -> bool:
        return run.nth_cursor is None or bool(self.place[2 + run.nth_cursor])


def letters(*, now: datetime, until: datetime) -> Iterator[Letter]:
    """The letters from ``now`` up to but not including ``until``, in the order of time."""
    planning = queries.in_state(RunState.PLANNING)
    cursors = [run.cursor for run in planning]
    groups = [_Group(place, count) for place, count in subscriptions.standings(cursors)]
    never = Counter(
        {
            UNCONFIRMED: subscriptions.in_state(SubscriptionState.PENDING),
            LEFT: subscriptions.in_state(SubscriptionState.LEFT),
        }
    )
    runs = [_Run(now, run.slot_at, run.window_end, nth) for nth, run in enumerate(planning)]
    overdue = operations.slot_to_open(now=now)
    slots = [*([overdue] if overdue else []), *weekly.letter().between(now, until)]
    runs += [_Run(max(slot, now), slot, slot) for slot in slots]
    for run in runs:
        yield _letter(run, groups, cursors, never, now)


def _letter(run: _Run, groups: Sequence[_Group], cursors: Sequence[int], never: Counter[str], now: datetime) -> Letter:
    left_out = Counter(never)
    concerned = [group for group in groups if group.is_in(run)]
    if operations.is_too_late(run.slot_at, run.at):
        left_out[TOO_LATE] = sum(group.count for group in concerned)
        return Letter(run.at, [], +left_out)
    by_start: dict[datetime, list[_Group]] = {}
    for group in concerned:
        start = operations.window_start(group.covered_until, run.end)
        group.covered_until = operations.covered_after(start, run.end)
        by_start.setdefault(start, []).append(group)
    windows = []
    for start, there in sorted(by_start.items()):
        titles = posts.titles_expected_in(start, run.end, now=now)
        readers = [group for group in there if titles and not group.is_suppressed]
        left_out[SUPPRESSED if titles else NOTHING_NEW] += sum(group.count for group in there if group not in readers)
        if readers:
            count = sum(group.count for group in readers)
            windows.append(Window(start, titles, count, [group.place for group in readers], cursors))
    return Letter(run.at, windows, +left_out)
