"""To whom a letter goes: one mail for each reader, with what is new to them, whatever breaks in between.

Nothing here commits. :func:`tick` and :func:`expand` hand back control wherever one transaction has to end::

    for _ in operations.tick(now=clock.now()):
        db.session.commit()
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from webapp import jobs
from webapp.core.words import mark
from webapp.digests import mails, news, opening, queries
from webapp.digests.models import DigestRun, RunState
from webapp.digests.news import Item
from webapp.digests.opening import LATEST, NOW, POST, is_too_late
from webapp.extensions import db
from webapp.mail import operations as mail
from webapp.mail import queries as ledger
from webapp.mail.models import Kind
from webapp.posts.models import Post
from webapp.subscriptions import following, schedules
from webapp.subscriptions import queries as subscriptions
from webapp.subscriptions.models import Subscription
from webapp.subscriptions.schedules import Schedule

PAGE = 200
"""Readers a transaction."""


def tick(*, now: datetime) -> Iterator[None]:
    """Does all that is due for the letters, one transaction's worth at a time; the caller commits each time it yields.

    It may be called at any time, by any number of processes.
    """
    opening.open_due(now=now)
    opening.begin_announced(now=now)
    close_finished(now=now)
    yield
    for run in queries.in_state(RunState.PLANNING):
        yield from expand(run.id, now=now)


def expand(run_id: int, *, now: datetime) -> Iterator[None]:
    """Writes each reader's mail into the ledger, a page a transaction, going on wherever it was interrupted."""
    letters = None
    while (run := queries.locked(run_id)) and run.state is RunState.PLANNING:
        letters = letters or mails.Letters(run.window_end)
        if is_too_late(run.slot_at, now):
            opening.end(run, RunState.FAILED, now, note=mark("could not be planned within 48 hours"))
        else:
            _plan_page(run, letters, now)
        yield
    yield


def close_finished(*, now: datetime) -> int:
    """Ends the runs whose every mail has come to an end; returns how many."""
    finished = [run for run in queries.in_state(RunState.FROZEN) if ledger.all_ended(run.id)]
    for run in finished:
        opening.end(run, RunState.DONE, now)
    return len(finished)


def window_start(
    covered_until: datetime | None, end: datetime, schedule: Schedule, *, starts_afresh: bool = False
) -> datetime:
    """Up to where a reader has everything. The first letter covers one period of theirs, whenever they asked for it."""
    if covered_until is None:
        return schedule.period_before(end)
    return max(covered_until, schedule.period_before(end)) if starts_afresh else covered_until


def covered_after(start: datetime, end: datetime) -> datetime:
    """Up to where a reader has everything once the window has been offered to them, with or without a letter."""
    return max(start, end)


def starts_at(reader: Subscription, end: datetime) -> datetime:
    """Where a reader's window begins that ends at ``end``."""
    return window_start(reader.covered_until, end, schedules.of(reader), starts_afresh=reader.starts_afresh)


def preview(reader: Subscription, *, now: datetime) -> mails.Preview | None:
    """What a reader would get now; None when nothing is new to them. Writes nothing."""
    letters = mails.Letters(now, find=news.foreseen)
    (pick,) = _picks([reader], letters)
    return mails.preview(reader, pick.start, now, pick.items) if pick.items else None


def send_test(reader: Subscription, *, to: str, key: str, now: datetime) -> bool:
    """Mails what a reader would get now to somebody else, to look at. False when nothing is new to the reader."""
    letters = mails.Letters(now, find=news.foreseen)
    (pick,) = _picks([reader], letters)
    content = letters.content(pick.start, pick.items, reader.schedule_key, reader.language)
    if content is None:
        return False
    mail.enqueue(
        kind=Kind.TEST, address=to, content=content, dedupe_key=f"test:{key}", values=mails.values(reader), now=now
    )
    return True


def withdraw(post: Post, *, now: datetime) -> None:
    """A post has been hidden: mails that are about nothing else and have not left do not, and it may be news again."""
    news.hide([post.id])
    if contents := news.letters_about_nothing_but(post.id):
        mail.cancel_waiting(content_ids=contents, reason=mark("its post was taken back"), now=now)


@dataclass(frozen=True)
class _Pick:
    """What one reader gets of a letter."""

    start: datetime
    items: Sequence[Item]


def _picks(readers: Sequence[Subscription], letters: mails.Letters) -> list[_Pick]:
    """What each reader gets: what they follow and have not had. Only what came back may have been had in its window."""
    starts = [starts_at(reader, letters.end) for reader in readers]
    items = [
        letters.items_for(start, following.read(reader.follows)) for start, reader in zip(starts, readers, strict=True)
    ]
    again = {each.post_id for found in items for each in found if each.is_again}
    had = news.had_before([reader.id for reader in readers], again) if again else set()
    return [
        _Pick(start, tuple(each for each in found if (reader.id, each.post_id) not in had) if had else found)
        for start, reader, found in zip(starts, readers, items, strict=True)
    ]


def _plan_page(run: DigestRun, letters: mails.Letters, now: datetime) -> None:
    """One page of readers: their mails, where they stand and how far the run has come change together or not at all."""
    key = None if run.schedule_key == NOW else run.schedule_key
    readers = subscriptions.active_after(run.cursor, PAGE, key=key, slot=run.slot_at)
    picks = _picks(readers, letters)
    mailed = sum(_mail(run, reader, pick, letters, now) for reader, pick in zip(readers, picks, strict=True))
    run.expected += mailed
    run.excluded += len(readers) - mailed
    if readers:
        run.cursor = readers[-1].id
    if mailed:
        jobs.after_commit(db.session(), "mail.drain")
    if len(readers) < PAGE:
        _freeze(run, now)


def _mail(run: DigestRun, reader: Subscription, pick: _Pick, letters: mails.Letters, now: datetime) -> bool:
    content = letters.content(pick.start, pick.items, reader.schedule_key, reader.language)
    reader.covered_until = covered_after(pick.start, run.window_end)
    reader.starts_afresh = False
    if content is None:
        return False
    mail.enqueue(
        kind=Kind.POST if run.schedule_key == POST else Kind.DIGEST,
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
        opening.end(run, RunState.SKIPPED, now, note=mark("nothing new") if run.excluded else mark("no readers"))
