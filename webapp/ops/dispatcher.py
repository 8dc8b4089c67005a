"""The clock of the house: sleeps until something is due, offers it to the workers, and does it itself if nobody does.

Whatever the database says is due happens here in the end, whether or not the broker, beat or a worker is alive. Any
number of dispatchers may run: every piece of work is claimed before it is done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from webapp import jobs
from webapp.core import clock, site
from webapp.digests import operations as digests
from webapp.extensions import db
from webapp.jobs import Job
from webapp.mail import guard, sending
from webapp.mail import operations as ledger
from webapp.mail import queries as mails
from webapp.ops import alarm, operations
from webapp.posts import operations as posts
from webapp.posts.operations import previews
from webapp.reminders import claiming, firing, reporting, settling
from webapp.reminders import operations as reminders
from webapp.reminders import queries as due
from webapp.reminders.queries import Due
from webapp.search import outbox as words
from webapp.settings import instance

LONGEST_SLEEP = 0.5
"""Seconds. A reminder set for sooner than this has its own message from the request that set it."""

GRACE_EMBEDDED = timedelta(seconds=0.3)
GRACE_RABBITMQ = timedelta(seconds=0.05)
"""How long the message that was handed over has, after the due time, to be the one that fires it."""

OFFER_AGAIN = timedelta(seconds=10)
DO_IT_OURSELVES = timedelta(seconds=30)
MAIL_GRACE = timedelta(seconds=1)
A_FEW = 20
"""Up to so many mails are offered one by one, more as a batch; and so many we send ourselves before looking up."""

AT_THE_SAME_TIME = timedelta(milliseconds=50)
"""Reminders whose due times are no further apart share a message and a connection."""

AT_ONCE = 200
"""How much one round takes on, so that no kind of work waits long for another."""

log = structlog.get_logger()


@dataclass
class Dispatcher:
    """One loop's memory: which mails it has offered, and when each slower chore is next."""

    offered: dict[int, datetime] = field(default_factory=dict)
    next_chores: dict[str, datetime] = field(default_factory=dict)
    is_held: bool = False

    def round(self, now: datetime) -> None:
        """Looks at everything once. An error in one chore is logged and keeps no other from being done."""
        self._guarded(self._look_at_holds, now)
        for chore in (self._publish, self._hand_over, self._offer_reminders, self._offer_mails):
            self._guarded(chore, now)
        for every, chore in (
            (timedelta(seconds=5), self._recover),
            (timedelta(seconds=10), self._sign_of_life),
            (timedelta(seconds=10), self._count),
            (timedelta(seconds=5), self._follow_words),
            (timedelta(seconds=15), self._digest),
            (timedelta(seconds=15), self._report_missed),
            (timedelta(minutes=5), self._follow_the_clocks),
            (timedelta(seconds=15), self._alarm),
            (timedelta(hours=1), self._tidy),
        ):
            if self.next_chores.get(chore.__name__, now) <= now:
                self.next_chores[chore.__name__] = now + every
                self._guarded(chore, now)

    def leave(self, now: datetime) -> None:
        """Counts once more, so that a copy made while we ran is older than what is left here."""
        self._guarded(self._count, now)

    def seconds_to_sleep(self, now: datetime) -> float:
        """Until the next due time, at most :data:`LONGEST_SLEEP`."""
        wake = [due.next_due_at(now), mails.next_attempt_at()]
        db.session.rollback()
        waits = [(moment - now).total_seconds() for moment in wake if moment is not None and moment > now]
        return max(0.01, min([LONGEST_SLEEP, *waits]))

    def _look_at_holds(self, now: datetime) -> None:
        """While mail is held, what would end in a refused claim is not offered, again and again, to anyone."""
        self.is_held = guard.keeps_mail_back(now=now)
        db.session.commit()

    def _publish(self, now: datetime) -> None:
        if posts.publish_due(now=now):
            settling.settle_published(now=now)
        db.session.commit()

    def _hand_over(self, now: datetime) -> None:
        """Gives a reminder whose time comes near its ETA task; see docs/adr/0002."""
        if self.is_held:
            return
        for batch in _together(due.near(now, horizon=reminders.HORIZON, limit=AT_ONCE)):
            if not _offer(batch, now, eta=batch[-1].due_at) and batch[-1].due_at <= now:
                _fire(batch)
        db.session.rollback()

    def _offer_reminders(self, now: datetime) -> None:
        """What is due and has not been claimed: its message was lost, or its worker is busy or dead."""
        if self.is_held:
            return
        for batch in _together(due.unanswered(now, grace=_grace(), again_after=OFFER_AGAIN, limit=AT_ONCE)):
            is_overdue = now - batch[0].due_at >= DO_IT_OURSELVES
            if is_overdue or not _offer(batch, now):
                _fire(batch)
        db.session.rollback()

    def _offer_mails(self, now: datetime) -> None:
        """Queued mail whose time has come: a retry, a late one, one whose message was lost, a digest's many."""
        if self.is_held:
            return
        waiting = mails.due(now - MAIL_GRACE, limit=AT_ONCE)
        db.session.rollback()
        self.offered = {each: self.offered.get(each, now) for each in waiting}
        fresh = [each for each in waiting if self.offered[each] == now]
        if len(fresh) > A_FEW:
            is_taken = jobs.publish(Job("mail.drain", ()))
        else:
            is_taken = all(jobs.publish(Job("mail.deliver", (each,))) for each in fresh)
        if not is_taken or any(now - since >= DO_IT_OURSELVES for since in self.offered.values()):
            sending.drain(most=A_FEW)

    def _recover(self, now: datetime) -> None:
        if ledger.recover_leases(now=now):
            log.warning("mail.leases_recovered")
        ledger.expire_waiting(now=now)
        db.session.commit()

    def _sign_of_life(self, now: datetime) -> None:
        operations.beat("dispatcher", now=now)
        db.session.commit()

    def _count(self, now: datetime) -> None:
        """The counter by which a database that comes out of a backup is known; see docs/adr/0006."""
        counter = guard.count(now=now)
        db.session.commit()
        if counter is not None:
            instance.remember(counter)
            db.session.rollback()

    def _follow_words(self, now: datetime) -> None:  # noqa: ARG002  # as its siblings
        """For a search engine elsewhere: always by a worker, for it may hang. The database's own needs nobody."""
        is_waiting = words.is_anything_waiting()
        db.session.rollback()
        if is_waiting:
            jobs.publish(Job("search.follow", ()))

    def _digest(self, now: datetime) -> None:
        for _page in digests.tick(now=now):
            db.session.commit()

    def _report_missed(self, now: datetime) -> None:
        """For whoever died between letting a reminder expire and saying so."""
        if not self.is_held:
            reporting.report(now=now)
            db.session.commit()

    def _follow_the_clocks(self, now: datetime) -> None:
        """Works the reminders to come out anew when the zone data is newer than they are."""
        for _page in settling.follow_clock_rules(now=now):
            db.session.commit()
        db.session.commit()  # which rules were used last

    def _tidy(self, now: datetime) -> None:
        """What nobody will ask for again: posts long in the trash, preview links that are over."""
        if days := site.config().trash_days:
            posts.empty_trash(before=now - timedelta(days=days), now=now)
        previews.forget_expired(now=now)
        db.session.commit()

    def _alarm(self, now: datetime) -> None:
        """Its mails go at once and from here: what is late stands in the queue before them."""
        written = [each.id for each in alarm.watch(now)]
        db.session.commit()
        for delivery_id in written:
            sending.deliver(delivery_id)

    @staticmethod
    def _guarded(chore: Callable[[datetime], None], now: datetime) -> None:
        try:
            chore(now)
        except Exception:
            log.exception("dispatcher.failed", chore=chore.__name__)
        finally:
            db.session.rollback()


def run(stop: threading.Event) -> None:
    """Works until ``stop`` is set. Needs an application context."""
    dispatcher = Dispatcher()
    while not stop.is_set():
        dispatcher.round(clock.now())
        try:
            pause = dispatcher.seconds_to_sleep(clock.now())
        except SQLAlchemyError:
            pause = LONGEST_SLEEP
        stop.wait(pause)
    dispatcher.leave(clock.now())


def sweep_once(now: datetime) -> None:
    """One look at everything, for `manage.py sweep` and for beat: what the loop would do, without the loop."""
    Dispatcher().round(now)


def _together(waiting: Iterable[Due]) -> Iterator[list[Due]]:
    """Cuts what is in the order of its due times into batches of what is due practically at once."""
    batch: list[Due] = []
    for each in waiting:
        if batch and (len(batch) == A_FEW or each.due_at - batch[0].due_at > AT_THE_SAME_TIME):
            yield batch
            batch = []
        batch.append(each)
    if batch:
        yield batch


def _offer(batch: list[Due], now: datetime, *, eta: datetime | None = None) -> bool:
    """Hands a batch to the broker as one message. False: it did not take it."""
    db.session.rollback()  # no transaction stays open while we wait for the broker
    pairs = [each.task for each in batch]
    job = Job("reminders.remind", pairs[0], eta) if len(pairs) == 1 else Job("reminders.remind_each", (pairs,), eta)
    if not jobs.publish(job):
        return False
    claiming.note_handed_over(pairs, now=now)
    db.session.commit()
    return True


def _fire(batch: list[Due]) -> None:
    """Sends a batch from here. One that fails is tried again in a later round, and holds up no other batch of this."""
    db.session.rollback()
    try:
        firing.fire_each(each.task for each in batch)
    except Exception:
        log.exception("dispatcher.failed", chore="_fire")
        db.session.rollback()


def _grace() -> timedelta:
    return GRACE_EMBEDDED if site.config().is_embedded else GRACE_RABBITMQ
