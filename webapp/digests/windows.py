"""What a letter offers to a reader: what they follow at the cadences that are due, and have not been offered before.

A reader with one cadence has a watermark, ``covered_until``, and that is all: a letter holds what appeared after it.
With several, it moves when the slowest is due, for then all are; until then ``had_since`` names what has been dealt
with beyond it. See docs/adr/0015.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from webapp.digests.news import Item
from webapp.subscriptions import following, schedules
from webapp.subscriptions.models import Cadence

Find = Callable[[datetime, datetime], Sequence[Item]]


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
    def each_post_from(self) -> datetime | None: ...
    @property
    def had_since(self) -> str: ...


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


def due(reader: Stands, key: str | None, slot: datetime) -> frozenset[Cadence]:
    """Which of a reader's letters go out in a run of this schedule; None: all that is new, whatever the day."""
    cadences = cadences_of(reader)
    if key is None:
        return cadences
    if key == Cadence.POST:
        return cadences & {Cadence.POST}
    return schedules.named(reader.schedule_key).due(cadences, slot)


def offer(reader: Stands, end: datetime, cadences: Collection[Cadence], find: Find) -> Offer:
    """What appeared up to ``end`` and is for this reader, at these of their ``cadences``.

    Whatever is not due yet stays where it is, for its own letter.
    """
    starts = _starts(reader, end, cadences)
    start = min(starts.values())
    follows = following.read(reader.follows)
    parts = {each: follows.at({each}, reader.cadence) for each in starts}
    settled = _read(reader.had_since)
    items, passed = [], set()
    for item in find(start, end) if start < end else ():
        matched = {each for each, part in parts.items() if part.holds(item.author_ids, item.tag_ids)}
        due_now = matched & set(cadences)
        is_new = item.is_again or item.post_id not in settled
        if is_new and any(item.appeared_at > starts[each] for each in due_now):
            items.append(item)
            passed.add(item.post_id)
        elif due_now and due_now == matched:
            passed.add(item.post_id)  # from before the first period of all that it is followed at
    if set(cadences) >= set(starts):
        return Offer(start, tuple(items), max(start, end), "")
    return Offer(start, tuple(items), start, _written(settled | passed))


def _starts(reader: Stands, end: datetime, cadences: Collection[Cadence]) -> Mapping[Cadence, datetime]:
    """From where each cadence of a reader counts. The first letter of each covers one period of its own."""
    known, everything = reader.covered_until, cadences_of(reader)
    if known is not None and not reader.starts_afresh:
        return dict.fromkeys(everything, known)
    own = schedules.named(reader.schedule_key)
    starts = {}
    for each in everything:
        schedule = own.at_cadence(each)
        if each is Cadence.POST:
            first = min(end, reader.each_post_from or end)
        else:
            first = schedule.period_before(end if each in cadences else schedule.after(end))
        starts[each] = first if known is None else max(known, first)
    return starts


def _read(kept: str) -> set[int]:
    return {int(word) for word in kept.split()}


def _written(post_ids: set[int]) -> str:
    return " ".join(map(str, sorted(post_ids)))
