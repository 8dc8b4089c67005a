"""A house that lives through random histories, and a second account of which post each reader is owed when."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta

from flask import current_app
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests import factories
from tests.unit.digests.second_account import START, SecondAccount
from webapp.accounts.models import Role
from webapp.digests import opening, operations
from webapp.digests.models import DigestRun, LetterPost, News, RunState
from webapp.digests.opening import POST
from webapp.extensions import db
from webapp.mail.models import Delivery, State
from webapp.posts import operations as posts
from webapp.posts.models import Post
from webapp.subscriptions import operations as subscriptions
from webapp.subscriptions import schedules
from webapp.subscriptions.following import SITE, Following
from webapp.subscriptions.models import Cadence, SubscriptionState

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MORE_THAN_NONE = -1
"""Every letter is large enough to wait for half an hour."""
READERS, AUTHORS = 2, 2

readers, authors = st.integers(0, READERS - 1), st.integers(0, AUTHORS - 1)
which = st.integers(0, 5)
some = st.lists(st.tuples(authors, st.booleans()), max_size=3)
"""Posts: by whom, and whether they have the tag."""
three = st.tuples(some, some, some)


class Readers(SecondAccount, RuleBasedStateMachine):
    """A house whose clock goes on with every act, beside the second account of it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.authors = [factories.person(f"Author {nth}", role=Role.AUTHOR) for nth in range(AUTHORS)]
        self.tag = factories.tag("garden")
        self.readers = [factories.subscription(f"reader{nth}@example.org") for nth in range(READERS)]
        beside = Following.read(f"site @{self.authors[0].id}=post #{self.tag.id}=daily")
        subscriptions.choose(self.readers[1], subscriptions.Wish(beside), now=START)
        self.posts: list[Post] = []
        self.tags_of: dict[int, list[int]] = {}
        self.since: dict[int, datetime] = {}
        self.owed: list[set[int]] = [set() for _ in self.readers]
        self.had: list[set[int]] = [set() for _ in self.readers]
        self.is_first = [True] * READERS
        self.has_mark = [False] * READERS
        self.shown_again: set[int] = set()
        self.runs: set[int] = set()
        self.slots: dict[str, set[datetime]] = defaultdict(set)
        self.gone: dict[str, set[datetime]] = defaultdict(set)
        self.config = current_app.config["ALMANAC"]
        self.tick()

    # What happens

    @rule(author=authors, tagged=st.booleans(), late=st.booleans())
    def publish(self, author, tagged, late):
        """``late``: stamped before the newest letter and committed after it, or given an earlier day by its author."""
        writer = self.authors[author]
        post = factories.post(writer, tags=("garden",) if tagged else (), created_at=self.now)
        newest = db.session.scalar(db.select(db.func.max(DigestRun.slot_at)))
        stamp = newest - MINUTE if late and newest is not None else self.now
        posts.publish(post, by=writer, now=stamp)
        self.posts.append(post)
        self.tags_of[post.id] = [self.tag.id] if tagged else []
        self.shown(post)

    @precondition(lambda self: self.posts)
    @rule(nth=which)
    def hide(self, nth):
        post = self.posts[nth % len(self.posts)]
        if post.is_public:
            posts.unpublish(post, by=self.authors[0], now=self.now)
            self.since.pop(post.id)
        self.tick()

    @precondition(lambda self: self.posts)
    @rule(nth=which)
    def show_again(self, nth):
        post = self.posts[nth % len(self.posts)]
        if not post.is_public:
            posts.publish(post, by=self.authors[0], now=self.now)
            self.shown_again.add(post.id)
            self.shown(post)

    @precondition(lambda self: self.posts)
    @rule(nth=which, days=st.integers(-40, 40))
    def redate(self, nth, days):
        post = self.posts[nth % len(self.posts)]
        if days < 0:
            posts.edit(post, by=self.authors[0], now=self.now, version=None, body=f"Edited {self.now}")
        if db.session.get(News, post.id) is not None:
            db.session.execute(
                db.update(Post)
                .where(Post.id == post.id)
                .values(published_at=self.now + days * DAY, updated_at=Post.updated_at)
            )
            db.session.expire_all()
        self.tick()

    @rule(
        nth=readers,
        cadence=st.sampled_from(Cadence),
        weekday=st.integers(0, 6),
        hour=st.integers(0, 23),
        zone=st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"]),
    )
    def choose(self, nth, cadence, weekday, hour, zone):
        reader = self.readers[nth]
        if reader.state is not SubscriptionState.ACTIVE:
            return
        wish = subscriptions.Wish(Following.read(reader.follows), cadence, weekday, hour, zone)
        subscriptions.choose(reader, wish, now=self.now)
        self.begin_with_posts(nth)
        self.tick()

    @rule(nth=readers, which=which, cadence=st.sampled_from(Cadence))
    def pace(self, nth, which, cadence):
        """One thing that they follow gets a cadence of its own; or, beside everything, an author does."""
        reader = self.readers[nth]
        if reader.state is not SubscriptionState.ACTIVE:
            return
        following = Following.read(reader.follows)
        words = [*following.words(), f"@{self.authors[0].id}"]
        word = words[which % len(words)]
        subscriptions.follow(reader, Following.read(f"{word}={cadence}"), now=self.now)
        self.begin_with_posts(nth)
        self.tick()

    @rule(nth=readers, what=st.sets(st.integers(0, AUTHORS), max_size=AUTHORS + 1))
    def follow(self, nth, what):
        """Authors by their number, the tag by the number after theirs, everything by none."""
        reader = self.readers[nth]
        tags = {self.tag.id} if AUTHORS in what else set()
        people = {self.authors[each].id for each in what if each < AUTHORS}
        follows = Following(authors=frozenset(people), tags=frozenset(tags)) if what else SITE
        subscriptions.choose(
            reader, subscriptions.Wish(follows, reader.cadence, reader.weekday, reader.hour, reader.zone), now=self.now
        )
        if reader.state is SubscriptionState.ACTIVE:
            self.begin_with_posts(nth)
        self.tick()

    @rule(nth=readers, days=st.integers(0, 20))
    def pause(self, nth, days):
        subscriptions.pause(self.readers[nth], until=self.now + days * DAY if days else None, now=self.now)
        self.tick()

    @rule(nth=readers)
    def leave_or_return(self, nth):
        reader = self.readers[nth]
        if reader.state is SubscriptionState.ACTIVE:
            subscriptions.leave(reader, now=self.now)
        else:
            subscriptions.ask(email=reader.address, consent="page", now=self.now)
            subscriptions.confirm(reader, now=self.now)
            self.is_first[nth] = True
        self.tick()

    @rule(news=some, hours=st.integers(1, 24 * 12), is_awake=st.booleans())
    def wait(self, news, hours, is_awake):
        """Time goes by, slot by slot; or nothing runs meanwhile, and what was missed is done at the end."""
        self.appear(news)
        end = self.now + timedelta(hours=hours)
        if is_awake:
            self.wake_until(end)
        self.now = end
        self.tick()

    @rule(nth=readers, is_slowest=st.booleans(), is_stopped=st.sampled_from([False, False, True]), news=three)
    def wait_for_a_letter_that_waits(self, nth, is_slowest, is_stopped, news):
        """Until one of a reader's letters is announced; then more appears, and somebody may stop the letter."""
        before, meanwhile, after = news
        self.appear(before)
        slotted = sorted(self.cadences(nth) - {Cadence.POST}, key=list(Cadence).index)
        if slotted:
            cadence = slotted[-1 if is_slowest else 0]
            slot = schedules.of(self.readers[nth]).at_cadence(cadence).after(self.now)
            self.wake_until(slot)
            self.now = slot
        self.announce(MORE_THAN_NONE)
        self.tick()
        self.announce(0)
        self.appear(meanwhile)
        waiting = db.session.scalars(db.select(DigestRun.id).where(DigestRun.state == RunState.ANNOUNCED)).all()
        if is_stopped and waiting:
            opening.stop(waiting[0], by="an editor", now=self.now)
        self.now += HOUR
        self.tick()
        self.appear(after)

    def wake_until(self, end):
        keys = {"weekly", *(each.schedule_key for each in self.readers)} - {POST}
        while (coming := min(schedules.named(key).after(self.now) for key in keys)) < end:
            self.now = coming
            self.tick()

    def announce(self, above):
        current_app.config["ALMANAC"] = replace(self.config, digest_announce_above=above)

    def appear(self, news):
        for author, tagged in news:
            self.publish(author=author, tagged=tagged, late=False)

    # The second account

    def shown(self, post):
        self.since[post.id] = self.now
        for owed in self.owed:
            owed.add(post.id)
        self.tick()

    def tick(self):
        """What the house does every few seconds; then both accounts of what was decided have to be the same."""
        db.session.commit()
        for _ in operations.tick(now=self.now):
            db.session.commit()
        runs = db.session.scalars(db.select(DigestRun).order_by(DigestRun.id)).all()
        for run in [each for each in runs if each.id not in self.runs and each.state is not RunState.ANNOUNCED]:
            self.runs.add(run.id)
            self.slots[run.schedule_key] |= {each.slot_at for each in runs if each.schedule_key == run.schedule_key}
            for nth, reader in enumerate(self.readers):
                self.compare(run, nth, reader)
            if self.is_planned(run):
                self.gone[run.schedule_key].add(run.slot_at)
        db.session.execute(db.update(Delivery).values(state=State.SENT))
        db.session.commit()
        self.now += MINUTE

    def compare(self, run, nth, reader):
        found = set(
            db.session.scalars(
                db.select(LetterPost.post_id)
                .join(Delivery, Delivery.content_id == LetterPost.content_id)
                .where(Delivery.run_id == run.id, Delivery.reader_id == reader.id)
            )
        )
        assert found == self.expected(run, nth, reader), f"{run.schedule_key} {run.slot_at}, {reader.address}"
        assert not found & self.had[nth], "twice"
        self.had[nth] |= found

    @invariant()
    def nobody_has_a_post_twice(self):
        rows = db.session.execute(
            db.select(Delivery.reader_id, LetterPost.post_id, db.func.count())
            .join(LetterPost, LetterPost.content_id == Delivery.content_id)
            .group_by(Delivery.reader_id, LetterPost.post_id)
        )
        assert [row for row in rows if row[2] > 1] == []

    def teardown(self):
        current_app.config["ALMANAC"] = self.config
        db.session.rollback()
        for table in reversed(db.metadata.sorted_tables):
            if table.name != "site_settings":
                db.session.execute(table.delete())
        db.session.commit()
        db.session.expunge_all()


def live(histories):
    """So many of them, of thirty acts each."""
    run_state_machine_as_test(
        Readers,
        settings=settings(
            phases=[Phase.generate],  # to shrink one takes longer than to read it
            max_examples=histories,
            stateful_step_count=30,
            deadline=None,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
