"""What a letter offers to a reader: what they follow at the cadences that are due, and have not been offered before.

A reader with one cadence has a watermark, ``covered_until``, and that is all: a letter holds what appeared after it.
With several, it moves when the slowest is due, for then all are; until then ``had_since`` names what has been dealt
with beyond it. See docs/adr/0015.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from webapp.digests.news import AN_INSTANT, Item
from webapp.subscriptions import following, schedules
from webapp.subscriptions.models import Cadence

Find = Callable[[datetime, datetime], Sequence[Item]]
Settled = Callable[[str], datetime]
"""Up to which slot no letter of a schedule is owed any more, as :func:`owed.settled_until` says."""


class Stands(Protocol):
    """Where a reader stands: a row, or what a forecast counts."""

    @property
    def covered_until(self) -> datetime | None: ...
    @property
    def starts_afresh(self) -> bool: ...
    @property
    def follows(self) -> str: ...
    @property
    def cadence(self) -> Cadence: ...
    @property
    def schedule_key(self) -> str: ...
    @property
    def scheduled_from(self) -> datetime | None: ...
    @property
    def each_post_from(self) -> datetime | None: ...
    @property
    def had_since(self) -> str: ...


@dataclass(frozen=True)
class Terms:
    """All that decides what is new to a reader in a run; many share it. ``starts`` says from where each counts."""

    follows: str
    usual: Cadence
    had_since: str
    due: frozenset[Cadence]
    starts: frozenset[tuple[Cadence, datetime]]


@dataclass(frozen=True)
class Offer:
    """What is new to a reader, from ``start`` on; and where they stand once it has been offered to them."""

    start: datetime
    items: tuple[Item, ...]
    covered_until: datetime
    had_since: str


def cadences_of(reader: Stands) -> frozenset[Cadence]:
    """All cadences of a reader; the usual one if nothing of what they follow is still here."""
    return following.read(reader.follows).cadences(reader.cadence) or frozenset({reader.cadence})


def terms(reader: Stands, key: str | None, end: datetime, settled: Settled) -> Terms:
    """On which terms a reader is in the run of this schedule that ends at ``end``; None: in one for all that is new."""
    due = _due(reader, key, end, settled)
    starts = _starts(reader, end, due, settled)
    return Terms(reader.follows, reader.cadence, reader.had_since, due, frozenset(starts.items()))


def offer(terms: Terms, end: datetime, find: Find) -> Offer:
    """What appeared up to ``end`` and is for a reader at the cadences that are due.

    Whatever is not due yet stays where it is, for its own letter. What they do not follow has passed once their usual
    letter has.
    """
    starts = dict(terms.starts)
    start = min(starts.values())
    follows = following.read(terms.follows)
    parts = {each: follows.at({each}, terms.usual) for each in starts}
    settled = _read(terms.had_since)
    found = find(start, end) if start < end else ()
    items, passed = [], set()
    for item in found:
        matched = {each for each, part in parts.items() if part.holds(item.author_ids, item.tag_ids)}
        due_now = matched & terms.due
        is_new = item.is_again or item.post_id not in settled
        if is_new and any(item.appeared_at > starts[each] for each in due_now):
            items.append(item)
            passed.add(item.post_id)
        elif due_now and due_now == matched:
            passed.add(item.post_id)  # from before the first period of all that it is followed at
        elif not matched and terms.usual in terms.due:
            passed.add(item.post_id)  # who follows it later was not owed it then
    if terms.due >= set(starts):
        # a run that waited ends before what has been mailed meanwhile
        later = settled - {each.post_id for each in found}
        return Offer(start, tuple(items), max(start, end), _written(later))
    return Offer(start, tuple(items), start, _written(settled | passed))


def _due(reader: Stands, key: str | None, slot: datetime, settled: Settled) -> frozenset[Cadence]:
    """Which of a reader's letters go out in a run: those whose day it is, and those whose letter did not go out."""
    cadences = cadences_of(reader)
    if key is None or len(cadences) == 1:
        return cadences
    if key == Cadence.POST:
        return cadences & {Cadence.POST}
    return schedules.named(reader.schedule_key).due(cadences, slot, since=_since(reader, settled))


def _starts(reader: Stands, end: datetime, due: frozenset[Cadence], settled: Settled) -> Mapping[Cadence, datetime]:
    """From where each cadence of a reader counts.

    The first letter of each covers one period of its own, and those of the letters before it that did not go out.
    """
    known, everything = reader.covered_until, cadences_of(reader)
    if known is not None and not reader.starts_afresh:
        return dict.fromkeys(everything, known)
    own, since = schedules.named(reader.schedule_key), _since(reader, settled)
    starts = {}
    for each in everything:
        schedule = own.at_cadence(each)
        if each is Cadence.POST:
            first = min(end, reader.each_post_from or end)
        else:
            slot = schedule.after(since)
            first = schedule.period_before(min(slot, end) if each in due else slot)
        starts[each] = first if known is None else max(known, first)
    return starts


def _since(reader: Stands, settled: Settled) -> datetime:
    """After when the slots are whose letters a reader is still owed: nobody is in one from before they chose it."""
    last, chosen = settled(reader.schedule_key), reader.scheduled_from
    return last if chosen is None else max(last, chosen - AN_INSTANT)


def _read(kept: str) -> set[int]:
    return {int(word) for word in kept.split()}


def _written(post_ids: set[int]) -> str:
    return " ".join(map(str, sorted(post_ids)))
