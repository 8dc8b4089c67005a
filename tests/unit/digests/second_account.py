"""Which post each reader is owed when, counted otherwise than the house counts it."""

from datetime import UTC, datetime, timedelta

from webapp.digests.models import RunState
from webapp.digests.opening import POST
from webapp.subscriptions import schedules
from webapp.subscriptions.models import Cadence, SubscriptionState

START = datetime(2026, 10, 20, 9, tzinfo=UTC)
DAY, AN_INSTANT = timedelta(days=1), timedelta(microseconds=1)


class SecondAccount:
    """None of it is taken from the tables that the house decides by.

    ``since`` is when each public post was last shown. ``owed`` are the posts no slot of a reader has passed yet,
    ``had`` those in their letters; ``slots`` are those on record of each schedule, ``gone`` those whose letter went.
    """

    def begin_with_posts(self, nth):
        if self.cadences(nth) == {Cadence.POST} and (self.is_first[nth] or not self.has_mark[nth]):
            self.owed[nth].clear()
            self.is_first[nth], self.has_mark[nth] = False, True

    def cadences(self, nth):
        reader = self.readers[nth]
        return {self.cadence_of(reader, word) for word in reader.follows.split()}

    def cadence_of(self, reader, word):
        _word, _sign, own = word.partition("=")
        return Cadence(own) if own else reader.cadence

    def expected(self, run, nth, reader):
        if run.schedule_key == POST:
            is_in = reader.each_post_from is not None and reader.each_post_from <= run.slot_at
        else:
            is_in = reader.schedule_key == run.schedule_key and (
                reader.scheduled_from is None or reader.scheduled_from <= run.slot_at
            )
        is_awake = reader.paused_until is None or reader.paused_until <= run.slot_at
        if not (self.is_planned(run) and is_in and is_awake and reader.state is SubscriptionState.ACTIVE):
            return set()
        cadences = self.cadences(nth)
        due = {each for each in cadences if self.is_due(each, run, reader)}
        floors = self.floors(cadences, due, run.slot_at, reader) if self.is_first[nth] else {}
        self.is_first[nth], self.has_mark[nth] = False, True
        passed = {post_id for post_id in self.owed[nth] if self.since.get(post_id, START) <= run.slot_at}
        found, settled = set(), set()
        for post_id in passed:
            matched = self.matched(post_id, reader)
            since = self.since.get(post_id, START)
            is_old = {each for each in matched if each in floors and since <= floors[each]}
            if post_id in self.since and post_id not in self.had[nth] and matched & due - is_old:
                found.add(post_id)
            elif (
                (matched and matched <= due & is_old)
                or (floors and since <= min(floors.values()))
                or (not matched and reader.cadence in due and post_id not in self.shown_again)
            ):
                settled.add(post_id)
        self.owed[nth] -= passed if due == cadences else found | settled
        return found

    def is_planned(self, run):
        return run.state in {RunState.FROZEN, RunState.DONE} or run.note in {"nothing new", "no readers"}

    def is_due(self, cadence, run, reader):
        """Whether it is its day, or was on one since the last letter that went out."""
        if cadence is Cadence.POST or run.schedule_key == POST:
            return cadence is Cadence.POST
        own, weekday = schedules.of(reader), 5 if reader.weekday is None else reader.weekday
        day, since = run.slot_at.astimezone(own.zone).date(), self.owed_since(run.slot_at, reader)
        is_first = True
        while is_first or datetime.combine(day, own.at, own.zone) > since:
            is_day = day.weekday() == weekday
            if cadence is Cadence.DAILY or (is_day and (cadence is Cadence.WEEKLY or day.day <= 7)):
                return True
            day, is_first = day - DAY, False
        return False

    def owed_since(self, slot, reader):
        """After when the slots are whose letters have not gone out, among those that the reader chose."""
        key, chosen = reader.schedule_key, reader.scheduled_from
        gone = [each for each in self.gone[key] if each < slot]
        last = max(gone) if gone else min([*self.slots[key], slot]) - AN_INSTANT
        return last if chosen is None else max(last, chosen - AN_INSTANT)

    def floors(self, cadences, due, slot, reader):
        """From where the first letter of each cadence counts."""
        floors = {}
        for cadence in cadences:
            if cadence is Cadence.POST:
                floors[cadence] = min(slot, reader.each_post_from)
            else:
                schedule = schedules.of(reader).at_cadence(cadence)
                owed = schedule.after(self.owed_since(slot, reader))
                floors[cadence] = schedule.period_before(min(owed, slot) if cadence in due else owed)
        return floors

    def matched(self, post_id, reader):
        """The cadences at which a reader follows a post."""
        post = next(each for each in self.posts if each.id == post_id)
        names = {"site", f"@{post.author_id}", *(f"#{tag_id}" for tag_id in self.tags_of[post_id])}
        return {self.cadence_of(reader, word) for word in reader.follows.split() if word.partition("=")[0] in names}
