"""When the letter goes out, and to whom: one run for each slot, one mail for each reader, whatever breaks in between.

Nothing here commits. :func:`tick` and :func:`expand` hand back control wherever one transaction has to end::

    for _ in operations.tick(now=clock.now()):
        db.session.commit()
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from webapp import jobs
from webapp.core import weekly
from webapp.core.words import mark
from webapp.digests import mails, queries
from webapp.digests.models import DigestRun, RunState
from webapp.extensions import db
from webapp.mail import operations as mail
from webapp.mail import queries as ledger
from webapp.mail.models import Kind
from webapp.posts import operations as posts
from webapp.settings.queries import installed_at
from webapp.subscriptions import queries as subscriptions
from webapp.subscriptions.models import Subscription

WEEKLY = "weekly"
NOW = "now"
LATEST = timedelta(hours=48)
"""How late a letter may still go out, and how long its mails are tried."""

PAGE = 200
"""Readers a transaction."""


def tick(*, now: datetime) -> Iterator[None]:
    """Does all that is due for the letter, one transaction's worth at a time; the caller commits each time it yields.

    It may be called at any time, by any number of processes.
    """
    open_slot(now=now)
    close_finished(now=now)
    yield
    for run in queries.in_state(RunState.PLANNING):
        yield from expand(run.id, now=now)


def latest_slot(*, now: datetime) -> datetime | None:
    """The newest slot that has come; None when the site is younger than that."""
    slot = weekly.letter().latest(now)
    return slot if slot >= installed_at() else None


def slot_to_open(*, now: datetime) -> datetime | None:
    """The newest slot that has come and has no run yet."""
    slot = latest_slot(now=now)
    return None if slot is None or queries.run_for(WEEKLY, slot) is not None else slot


def is_too_late(slot: datetime, now: datetime) -> bool:
    """Whether a letter that has not been written down yet may no longer go out."""
    return now - slot > LATEST


def open_slot(*, now: datetime) -> bool:
    """Makes the run of the newest slot, and records the older ones that were missed. False: there is nothing to do."""
    slot = slot_to_open(now=now)
    if slot is None:
        return False
    before = max(installed_at(), queries.last_slot(WEEKLY) or installed_at())
    for missed in weekly.letter().between(before, slot):
        _record(WEEKLY, missed, RunState.SKIPPED, now, note=mark("missed: a later letter covers it"))
    if is_too_late(slot, now):
        return _record(
            WEEKLY, slot, RunState.SKIPPED, now, note=mark("more than 48 hours late: the next letter covers it")
        )
    return _record(WEEKLY, slot, RunState.PLANNING, now)


def open_now(*, now: datetime) -> DigestRun:
    """A run outside the schedule, for all that is new up to ``now``."""
    posts.publish_due(now=now)  # what should have appeared by now is part of what is new
    _record(NOW, now, RunState.PLANNING, now)
    run = queries.run_for(NOW, now)
    assert run is not None  # noqa: S101  # it was recorded a line above, by us or by another
    return run


def expand(run_id: int, *, now: datetime) -> Iterator[None]:
    """Writes each reader's mail into the ledger, a page a transaction, going on wherever it was interrupted."""
    letters = None
    while (run := queries.locked(run_id)) and run.state is RunState.PLANNING:
        letters = letters or mails.Letters(run.window_end)
        if is_too_late(run.slot_at, now):
            _end(run, RunState.FAILED, now, note=mark("could not be planned within 48 hours"))
        else:
            _plan_page(run, letters, now)
        yield
    yield


def close_finished(*, now: datetime) -> int:
    """Ends the runs whose every mail has come to an end; returns how many."""
    finished = [run for run in queries.in_state(RunState.FROZEN) if ledger.all_ended(run.id)]
    for run in finished:
        _end(run, RunState.DONE, now)
    return len(finished)


def window_start(covered_until: datetime | None, end: datetime) -> datetime:
    """Up to where a reader has everything. The first letter covers the week before it, whenever they asked for it."""
    return covered_until or weekly.letter().week_before(end)


def covered_after(start: datetime, end: datetime) -> datetime:
    """Up to where a reader has everything once the window has been offered to them, with or without a letter."""
    return max(start, end)


def preview(reader: Subscription, *, now: datetime) -> tuple[str, str] | None:
    """Subject and text of what a reader would get now; None when nothing is new to them."""
    return mails.preview(reader, window_start(reader.covered_until, now), now)


def _plan_page(run: DigestRun, letters: mails.Letters, now: datetime) -> None:
    """One page of readers: their mails, where they stand and how far the run has come change together or not at all."""
    readers = subscriptions.active_after(run.cursor, PAGE)
    mailed = sum(_mail(run, reader, letters, now) for reader in readers)
    run.expected += mailed
    run.excluded += len(readers) - mailed
    if readers:
        run.cursor = readers[-1].id
    if mailed:
        jobs.after_commit(db.session(), "mail.drain")
    if len(readers) < PAGE:
        _freeze(run, now)


def _mail(run: DigestRun, reader: Subscription, letters: mails.Letters, now: datetime) -> bool:
    start = window_start(reader.covered_until, run.window_end)
    content = letters.since(start, reader.language)
    reader.covered_until = covered_after(start, run.window_end)
    if content is None:
        return False
    mail.enqueue(
        kind=Kind.DIGEST,
        address=reader.address,
        content=content,
        dedupe_key=f"digest:{run.id}:{reader.id}",
        values=mails.values(reader),
        person_id=reader.person_id,
        reader_id=reader.id,
        run_id=run.id,
        now=now,
        due_at=run.slot_at,
        expires_at=now + LATEST,
        dispatch=False,  # a page is drained as one
    )
    return True


def _freeze(run: DigestRun, now: datetime) -> None:
    """Nobody is added any more. A slot in which nobody gets a letter says so; a run for now leaves no trace then."""
    if run.expected:
        run.state = RunState.FROZEN
    elif run.schedule_key == NOW:
        db.session.delete(run)
    else:
        _end(run, RunState.SKIPPED, now, note=mark("nothing new") if run.excluded else mark("no readers"))


def _end(run: DigestRun, state: RunState, now: datetime, *, note: str = "") -> None:
    run.state = state
    run.note = note
    run.ended_at = now


def _record(schedule_key: str, slot: datetime, state: RunState, now: datetime, *, note: str = "") -> bool:
    """Writes a slot down. False: another process was first, by the unique key."""
    run = DigestRun(
        schedule_key=schedule_key,
        slot_at=slot,
        window_start=min(slot, queries.sent_until() or weekly.letter().week_before(slot)),
        window_end=slot,
    )
    if state is not RunState.PLANNING:
        _end(run, state, now, note=note)
    try:
        with db.session.begin_nested():
            db.session.add(run)
    except IntegrityError:
        return False
    return True
