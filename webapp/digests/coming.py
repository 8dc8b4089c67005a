"""The letters that nobody has written yet: whom each would go to, what is new in it, and who gets none and why.

It asks the rules that send, in :mod:`webapp.digests.operations`, and only reads. Readers are counted by where they
stand, since a hundred thousand of them stand in few places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast

from webapp.core import site
from webapp.core.words import mark
from webapp.digests import news, opening, owed, queries, windows
from webapp.digests.models import DigestRun, RunState
from webapp.digests.news import AN_INSTANT, Item
from webapp.mail.models import Kind
from webapp.posts import queries as posts
from webapp.posts.models import Post
from webapp.subscriptions import queries as subscriptions
from webapp.subscriptions import schedules
from webapp.subscriptions.models import ANSWER_WITHIN, Cadence, SubscriptionState
from webapp.subscriptions.queries import Outlook, Place

UNCONFIRMED = mark("has not confirmed")
LEFT = mark("has left")
SUPPRESSED = mark("this address is not written to any more")
NOTHING_NEW = mark("nothing new for the reader")
PAUSED = mark("has paused")
SILENT = mark("was asked whether they still want letters, and has not answered")
TOO_LATE = mark("more than 48 hours late")

FIRST_PERIODS = timedelta(days=62)
"""As far back as the first letter of a month may look, from the last one that is not owed."""


@dataclass(frozen=True)
class Window:
    """The readers of one letter who have everything up to ``start``, and the titles that are new to them.

    ``nobody`` are those among them who get none: they have had all of it before.
    """

    start: datetime
    titles: Sequence[str]
    count: int
    places: Sequence[Place]
    outlook: Outlook
    nobody: frozenset[int] = frozenset()

    def addresses(self) -> Iterator[str]:
        """Each reader's address, read in pages."""
        for place in self.places:
            for reader_id, address in subscriptions.standing_at(place, self.outlook):
                if reader_id not in self.nobody:
                    yield address


@dataclass(frozen=True)
class Letter:
    """One letter. It goes out at ``at``: at its slot, or now when that has passed."""

    at: datetime
    kind: Kind
    zone: str
    windows: Sequence[Window]
    left_out: Counter[str]


@dataclass(frozen=True)
class _Run:
    """A run to come. ``key`` None means every reader, ``nth_cursor`` those whom a run that has begun has yet to see.

    ``goes_at`` is until when it was kept back, if it was.
    """

    at: datetime
    slot_at: datetime
    end: datetime
    key: str | None
    nth_cursor: int | None = None
    is_open: bool = False
    goes_at: datetime | None = None

    @property
    def is_too_late(self) -> bool:
        return opening.is_too_late(self.goes_at or self.slot_at, self.at)


@dataclass
class _Group:
    """Readers who stand in one place, and where they will stand as the letters go by."""

    place: Place
    count: int
    silent_from: datetime | None
    covered_until: datetime | None = field(init=False)
    starts_afresh: bool = field(init=False)
    had_since: str = field(init=False)
    given: set[int] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self.covered_until, self.starts_afresh = self.place.covered_until, self.place.starts_afresh
        self.had_since = self.place.had_since

    @property
    def follows(self) -> str:
        return self.place.follows

    @property
    def cadence(self) -> Cadence:
        return self.place.cadence

    @property
    def schedule_key(self) -> str:
        return self.place.schedule_key

    @property
    def scheduled_from(self) -> datetime | None:
        return self.place.scheduled_from

    @property
    def each_post_from(self) -> datetime | None:
        return self.place.each_post_from

    def is_in(self, run: _Run) -> bool:
        if run.nth_cursor is not None and not self.place.is_behind[run.nth_cursor]:
            return False
        if run.key is None:
            return True
        if run.key == opening.POST:
            return self.each_post_from is not None and self.each_post_from <= run.slot_at
        chosen = self.scheduled_from
        return run.key == self.schedule_key and (chosen is None or chosen <= run.slot_at)

    def why_asleep(self, run: _Run) -> str | None:
        if self.place.paused_until is not None and self.place.paused_until > run.slot_at:
            return PAUSED
        return SILENT if self.silent_from is not None and self.silent_from <= run.slot_at else None

    def take(self, run: _Run, world: _World) -> tuple[datetime, tuple[Item, ...]]:
        """What is new to them in a run, from when on; they have it from then."""
        terms = windows.terms(self, run.key, run.end, lambda key: world.settled_until(key, run.end))
        offer = windows.offer(terms, run.end, world.between)
        self.covered_until, self.had_since, self.starts_afresh = offer.covered_until, offer.had_since, False
        items = tuple(each for each in offer.items if each.post_id not in self.given)
        self.given |= {each.post_id for each in items}
        return offer.start, items


@dataclass
class _World:
    """What appears as time goes by. ``passed`` is up to where a letter has been opened, ``settled`` of each schedule
    the last slot whose letter is not owed any more.
    """

    items: list[Item]
    passed: datetime | None
    scheduled: list[tuple[datetime, Post]]
    settled: dict[str, datetime] = field(default_factory=dict)

    def notice(self, now: datetime) -> None:
        """What is scheduled before ``now`` is public and noticed by then, as :func:`news.notice` would."""
        while self.scheduled and self.scheduled[0][0] <= now:
            shows_at, post = self.scheduled.pop(0)
            appears_at = shows_at + AN_INSTANT  # a moment later
            natural = appears_at if post.published_at is None else post.published_at
            if natural != appears_at and self.passed is not None and natural <= self.passed:
                natural = max(appears_at, self.passed + AN_INSTANT)
            self.items.append(news.item(post, natural))

    def settled_until(self, key: str, before: datetime) -> datetime:
        if key not in self.settled:
            self.settled[key] = owed.settled_until(key, before)
        return self.settled[key]

    def between(self, start: datetime, end: datetime) -> list[Item]:
        return sorted(
            (each for each in self.items if start < each.appeared_at <= end),
            key=lambda each: (each.appeared_at, each.post_id),
        )


def letters(*, now: datetime, until: datetime) -> Iterator[Letter]:
    """The letters from ``now`` up to but not including ``until``, in the order of time."""
    planning = [*queries.in_state(RunState.PLANNING), *queries.in_state(RunState.ANNOUNCED)]
    outlook = _outlook(planning, now, until)
    groups = [_Group(place, count, _silent_from(place, now)) for place, count in subscriptions.standings(outlook)]
    never = Counter(
        {
            UNCONFIRMED: subscriptions.in_state(SubscriptionState.PENDING),
            LEFT: subscriptions.in_state(SubscriptionState.LEFT),
        }
    )
    world = _world(groups, now, until)
    runs = [
        _Run(
            max(now, run.goes_at or now),
            run.slot_at,
            run.window_end,
            None if run.schedule_key == opening.NOW else run.schedule_key,
            nth,
            is_open=True,
            goes_at=run.goes_at,
        )
        for nth, run in enumerate(planning)
    ]
    runs += _slots(now, until)
    runs += _posts(world, groups, now, until)
    for run in sorted(runs, key=lambda each: (not each.is_open, max(each.slot_at, now), each.key == opening.POST)):
        if not run.is_open:
            world.notice(max(run.slot_at, now) if run.key != opening.POST else run.slot_at)
            world.passed = max(run.end, world.passed or run.end)
        concerned = [group for group in groups if group.is_in(run)]
        wait = opening.announced_for(sum(each.count for each in concerned if each.why_asleep(run) is None))
        if not run.is_open and wait is not None and not run.is_too_late:
            run = replace(run, at=run.at + wait, goes_at=run.at + wait)  # noqa: PLW2901  # the same run, later
        if run.at < until:
            yield _letter(run, concerned, world, outlook, never)


def questions(*, now: datetime, until: datetime) -> Iterator[tuple[datetime, str, bool]]:
    """When which reader will be asked whether they still want letters, if they say nothing; and who is suppressed."""
    days = site.config().digest_ask_again_days
    if not days:
        return  # nobody is asked, and nobody is read
    for address, heard_at, paused_until, is_suppressed in subscriptions.to_ask_again(until - timedelta(days=days)):
        at = _asked_at(heard_at, paused_until, now)
        if at < until:
            yield at, address, is_suppressed


def _asked_at(heard_at: datetime, paused_until: datetime | None, now: datetime) -> datetime:
    return max(now, heard_at + timedelta(days=site.config().digest_ask_again_days), paused_until or now)


def _silent_from(place: Place, now: datetime) -> datetime | None:
    """From when on these readers get no letters, if they say nothing when they are asked."""
    asked_at = place.asked_again_at
    if asked_at is None and place.last_sign_at is not None:
        asked_at = _asked_at(place.last_sign_at, place.paused_until, now)
    return asked_at + ANSWER_WITHIN if asked_at is not None else None


def _outlook(planning: Sequence[DigestRun], now: datetime, until: datetime) -> Outlook:
    """From when on it matters when a reader chose their slots, or to get each post: who chose before that is alike."""
    posts_from = [run.slot_at for run in planning if run.schedule_key == opening.POST]
    last, days = queries.last_slot(opening.POST), timedelta(days=site.config().digest_ask_again_days)
    return Outlook(
        cursors=[run.cursor for run in planning],
        slots_from=owed.all_settled_until(),
        posts_from=min([*posts_from, last]) if last is not None else None,
        silent_from=now - days if days else None,
        silent_until=until - ANSWER_WITHIN - days,
    )


def _world(groups: Sequence[_Group], now: datetime, until: datetime) -> _World:
    """What is known, what would be noticed now, and what is scheduled."""
    starts = [group.covered_until for group in groups if group.covered_until is not None]
    fresh = {each.schedule_key for each in groups if each.covered_until is None or each.starts_afresh}
    starts += [owed.settled_until(key, now) for key in fresh]
    known = news.foreseen(min([now, *starts]) - FIRST_PERIODS, now)
    ahead = [each for each in news.foreseen(now, max(until, now)) if each not in known]
    coming = [(max(cast(datetime, post.publish_at), now), post) for post in posts.scheduled_before(max(until, now))]
    return _World([*known, *ahead], news.last_window_end(), coming)


def _slots(now: datetime, until: datetime) -> list[_Run]:
    """The slots of every schedule: those that have come and have no run, and those to come."""
    found = [_Run(now, slot, slot, key) for key, slot in opening.slots_to_open(now=now)]
    for key in opening.slotted():
        found += [_Run(slot, slot, slot, key) for slot in schedules.named(key).between(now, until)]
    return found


def _posts(world: _World, groups: Sequence[_Group], now: datetime, until: datetime) -> list[_Run]:
    """A run for each instant at which something appears, if anybody gets each post."""
    if not any(group.each_post_from is not None for group in groups):
        return []
    last = queries.last_slot(opening.POST)
    so_far = [each.appeared_at for each in world.items if each.appeared_at <= now]
    found = []
    if so_far and (last is None or max(so_far) > last):
        found.append(_Run(now, max(so_far), max(so_far), opening.POST))
    instants = {shows_at + AN_INSTANT for shows_at, post in world.scheduled if shows_at < until}
    instants |= {each.appeared_at for each in world.items if now < each.appeared_at < until}
    return [*found, *(_Run(at, at, at, opening.POST) for at in sorted(instants))]


def _letter(run: _Run, concerned: Sequence[_Group], world: _World, outlook: Outlook, never: Counter[str]) -> Letter:
    left_out = Counter(never)
    kind = Kind.POST if run.key == opening.POST else Kind.DIGEST
    zone = schedules.named(run.key or opening.WEEKLY).zone.key
    if run.is_too_late:
        left_out[TOO_LATE] = sum(group.count for group in concerned)
        return Letter(run.at, kind, zone, [], +left_out)
    alike: dict[tuple[datetime, tuple[Item, ...]], list[_Group]] = {}
    for group in concerned:
        if (why := group.why_asleep(run)) is not None:
            left_out[why] += group.count
            continue
        start, items = group.take(run, world)
        if not items or group.place.is_suppressed:
            left_out[SUPPRESSED if items else NOTHING_NEW] += group.count
        else:
            alike.setdefault((start, items), []).append(group)
    if run.key is not None:
        world.settled[run.key] = run.slot_at
    windows_of = []
    for (start, items), readers in sorted(alike.items(), key=lambda each: (each[0][0], len(each[0][1]))):
        window = _window(start, items, readers, outlook)
        left_out[NOTHING_NEW] += sum(group.count for group in readers) - window.count
        if window.count:
            windows_of.append(window)
    return Letter(run.at, kind, zone, windows_of, +left_out)


def _window(start: datetime, items: Sequence[Item], readers: Sequence[_Group], outlook: Outlook) -> Window:
    """Counts them, but for those who had all of it before: only what came back can have been had."""
    places = [group.place for group in readers]
    count = sum(group.count for group in readers)
    nobody: frozenset[int] = frozenset()
    if all(each.is_again for each in items):
        ids = [reader_id for place in places for reader_id, _address in subscriptions.standing_at(place, outlook)]
        had = news.had_before(ids, [each.post_id for each in items])
        wanted = {each.post_id for each in items}
        nobody = frozenset(each for each in ids if all((each, post_id) in had for post_id in wanted))
    return Window(start, [each.title for each in items], count - len(nobody), places, outlook, nobody)
