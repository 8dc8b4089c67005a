"""A site in whose week something was published, with a clock that the test sets."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests import factories
from webapp.accounts.models import Role
from webapp.digests import news, tasks
from webapp.digests.models import DigestRun, RunState
from webapp.extensions import db as database
from webapp.posts import operations as posts
from webapp.subscriptions import operations as subscriptions
from webapp.subscriptions.following import Following
from webapp.subscriptions.models import Cadence
from webapp.subscriptions.operations import Wish

SLOT = datetime(2026, 11, 28, 10, tzinfo=UTC)
WEEK = timedelta(days=7)


@dataclass
class Site:
    """What a digest test does: set the clock, publish, look at what went out."""

    clock: Any
    jobs: Any
    smtp: Any
    author: Any

    def at(self, instant):
        self.clock.move_to(instant)

    def publish(self, title, at):
        """A post that appeared at an instant, and was noticed then."""
        made = factories.post(self.author, title, published_at=at)
        news.take_as_dated()
        database.session.commit()
        return made

    def reader(self, address="bob@example.org", **values):
        made = factories.subscription(address, **values)
        database.session.commit()
        return made

    def beat(self):
        """What beat does at the slot and every minute, and the workers after it."""
        database.session.commit()
        tasks.digest.apply(throw=True)
        self.jobs.run()
        database.session.expire_all()

    def letters(self, address="bob@example.org"):
        return self.smtp.to(address, "digest")

    def runs(self):
        return [
            (run.schedule_key, run.slot_at, run.state)
            for run in database.session.query(DigestRun).order_by(DigestRun.slot_at, DigestRun.id)
        ]


@pytest.fixture
def site(db, smtp, jobs):
    """At the slot of 28 November; the slot before it is done, and nothing has been published yet."""
    with time_machine.travel(SLOT, tick=False) as clock:
        author = factories.person("Ines", role=Role.AUTHOR)
        last = SLOT - WEEK
        db.session.add(
            DigestRun(
                schedule_key="weekly",
                slot_at=last,
                window_start=last - WEEK,
                window_end=last,
                state=RunState.DONE,
                ended_at=last,
            )
        )
        db.session.commit()
        yield Site(clock, jobs, smtp, author)


@pytest.fixture
def mira(site):
    return factories.person("Mira", role=Role.AUTHOR)


@pytest.fixture
def reader(site):
    """Bob, who has had everything up to the slot."""
    site.beat()
    return site.reader(covered_until=SLOT)


def choose(reader, words, at, cadence=Cadence.WEEKLY):
    subscriptions.choose(reader, Wish(Following.read(words), cadence), now=at)


def appear(site, author, title, at):
    site.at(at)
    posts.publish(factories.post(author, title), by=author, now=at)
    site.beat()


def subjects(site):
    return [mail.subject for mail in site.smtp.to("bob@example.org")]
