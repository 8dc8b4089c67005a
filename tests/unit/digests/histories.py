"""A house that lives through random histories, and a second account of which post each reader is owed when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests import factories
from webapp.accounts.models import Role
from webapp.digests import operations
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

START = datetime(2026, 10, 20, 9, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
READERS, AUTHORS = 2, 2

readers, authors = st.integers(0, READERS - 1), st.integers(0, AUTHORS - 1)
which = st.integers(0, 5)


class Readers(RuleBasedStateMachine):
    """A house whose clock goes on with every act, and a second account of what each reader is owed.

    ``since`` is when each public post was last shown. ``owed`` are the posts no slot of a reader has passed yet,
    ``had`` those in their letters. None of it is taken from the tables that the house decides by.
    """

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
        self.runs: set[int] = set()
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

    @rule(hours=st.integers(1, 24 * 12), is_awake=st.booleans())
    def wait(self, hours, is_awake):
        """Time goes by, slot by slot; or nothing runs meanwhile, and what was missed is done at the end."""
        end = self.now + timedelta(hours=hours)
        while is_awake:
            keys = {"weekly", *(each.schedule_key for each in self.readers)} - {POST}
            coming = min(schedules.named(key).after(self.now) for key in keys)
            if coming >= end:
                break
            self.now = coming
            self.tick()
        self.now = end
        self.tick()

    # The second account

    def shown(self, post):
        self.since[post.id] = self.now
        for owed in self.owed:
            owed.add(post.id)
        self.tick()

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

    def tick(self):
        """What the house does every few seconds; then both accounts of the new runs have to be the same."""
        db.session.commit()
        for _ in operations.tick(now=self.now):
            db.session.commit()
        runs = db.session.scalars(db.select(DigestRun).order_by(DigestRun.id)).all()
        for run in [each for each in runs if each.id not in self.runs]:
            self.runs.add(run.id)
            for nth, reader in enumerate(self.readers):
                self.compare(run, nth, reader)
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

    def expected(self, run, nth, reader):
        is_planned = run.state in {RunState.FROZEN, RunState.DONE} or run.note in {"nothing new", "no readers"}
        if run.schedule_key == POST:
            is_in = reader.each_post_from is not None and reader.each_post_from <= run.slot_at
        else:
            is_in = reader.schedule_key == run.schedule_key and (
                reader.scheduled_from is None or reader.scheduled_from <= run.slot_at
            )
        is_awake = reader.paused_until is None or reader.paused_until <= run.slot_at
        if not (is_planned and is_in and is_awake and reader.state is SubscriptionState.ACTIVE):
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
            elif (matched and matched <= due & is_old) or (floors and since <= min(floors.values())):
                settled.add(post_id)
        self.owed[nth] -= passed if due == cadences else found | settled
        return found

    def is_due(self, cadence, run, reader):
        local = run.slot_at.astimezone(schedules.of(reader).zone)
        weekday = 5 if reader.weekday is None else reader.weekday
        if cadence is Cadence.POST:
            return True
        if run.schedule_key == POST:
            return False
        is_day = local.weekday() == weekday
        return cadence is Cadence.DAILY or (is_day and (cadence is Cadence.WEEKLY or local.day <= 7))

    def floors(self, cadences, due, slot, reader):
        """From where the first letter of each cadence counts."""
        floors = {}
        for cadence in cadences:
            if cadence is Cadence.POST:
                floors[cadence] = min(slot, reader.each_post_from)
            else:
                schedule = schedules.of(reader).at_cadence(cadence)
                floors[cadence] = schedule.period_before(slot if cadence in due else schedule.after(slot))
        return floors

    def matched(self, post_id, reader):
        """The cadences at which a reader follows a post."""
        post = next(each for each in self.posts if each.id == post_id)
        names = {"site", f"@{post.author_id}", *(f"#{tag_id}" for tag_id in self.tags_of[post_id])}
        return {self.cadence_of(reader, word) for word in reader.follows.split() if word.partition("=")[0] in names}

    @invariant()
    def nobody_has_a_post_twice(self):
        rows = db.session.execute(
            db.select(Delivery.reader_id, LetterPost.post_id, db.func.count())
            .join(LetterPost, LetterPost.content_id == Delivery.content_id)
            .group_by(Delivery.reader_id, LetterPost.post_id)
        )
        assert [row for row in rows if row[2] > 1] == []

    def teardown(self):
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
