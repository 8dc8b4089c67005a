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
from webapp.digests.windows import Offer
from webapp.extensions import db
from webapp.mail import operations as mail
from webapp.mail import queries as ledger
from webapp.mail.models import Kind
from webapp.posts.models import Post
from webapp.subscriptions import queries as subscriptions
from webapp.subscriptions.models import Subscription

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
        if is_too_late(run.goes_at or run.slot_at, now):
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


def preview(reader: Subscription, *, now: datetime) -> mails.Preview | None:
    """What a reader would get now, if all that is new went out; None when nothing is new to them. Writes nothing."""
    pick = _pick_now(reader, mails.Letters(now, find=news.foreseen))
    return mails.preview(reader, pick.offer.start, now, pick.items) if pick.items else None


def starts_at(reader: Subscription, end: datetime) -> datetime:
    """Where a reader's window begins that ends at ``end``."""
    return _pick_now(reader, mails.Letters(end, find=news.foreseen)).offer.start


def send_test(reader: Subscription, *, to: str, key: str, now: datetime) -> bool:
    """Mails what a reader would get now to somebody else, to look at. False when nothing is new to the reader."""
    pick = _pick_now(reader, mails.Letters(now, find=news.foreseen))
    content = mails.content_to_look_at(pick.items, mails.Look.of(reader), now)
    if content is None:
        return False
    values = mails.values_to_look_at(reader, pick.offer.start)
    mail.enqueue(kind=Kind.TEST, address=to, content=content, dedupe_key=f"test:{key}", values=values, now=now)
    return True


def withdraw(post: Post, *, now: datetime) -> None:
    """A post has been hidden: mails that are about nothing else and have not left do not, and it may be news again."""
    news.hide([post.id])
    if contents := news.letters_about_nothing_but(post.id):
        mail.cancel_waiting(content_ids=contents, reason=mark("its post was taken back"), now=now)


@dataclass(frozen=True)
class _Pick:
    """What one reader gets of a letter, out of what it offers them."""

    offer: Offer
    items: Sequence[Item]


def _pick_now(reader: Subscription, letters: mails.Letters) -> _Pick:
    (pick,) = _picks([reader], letters, key=None)
    return pick


def _picks(readers: Sequence[Subscription], letters: mails.Letters, *, key: str | None) -> list[_Pick]:
    """What each reader gets: what they follow and have not had. Only what came back may have been had in its window."""
    offers = [letters.offer_to(reader, key) for reader in readers]
    again = {each.post_id for offer in offers for each in offer.items if each.is_again}
    had = news.had_before([reader.id for reader in readers], again) if again else set()
    return [
        _Pick(
            offer, tuple(each for each in offer.items if (reader.id, each.post_id) not in had) if had else offer.items
        )
        for offer, reader in zip(offers, readers, strict=True)
    ]


def _plan_page(run: DigestRun, letters: mails.Letters, now: datetime) -> None:
    """One page of readers: their mails, where they stand and how far the run has come change together or not at all."""
    key = None if run.schedule_key == NOW else run.schedule_key
    letters.renew()
    readers = subscriptions.active_after(run.cursor, PAGE, key=key, slot=run.slot_at)
    picks = _picks(readers, letters, key=key)
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
    content = letters.content(pick.items, mails.Look.of(reader, at_once=run.schedule_key == POST))
    reader.covered_until, reader.had_since = pick.offer.covered_until, pick.offer.had_since
    reader.starts_afresh = False
    if content is None:
        return False
    mail.enqueue(
        kind=Kind.POST if run.schedule_key == POST else Kind.DIGEST,
        address=reader.address,
        content=content,
        dedupe_key=f"digest:{run.id}:{reader.id}",
        values=mails.values(reader, pick.offer.start),
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
