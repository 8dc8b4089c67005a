"""Which letters are due: one run for each slot of each schedule that somebody has, and who may still stop it.

Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from webapp.accounts import queries as people
from webapp.audit import operations as audit
from webapp.core import site
from webapp.core.errors import Refused
from webapp.core.words import _, mark
from webapp.digests import mails, news, queries
from webapp.digests.models import MISSED, STOPPED, TOO_LATE, DigestRun, RunState
from webapp.extensions import db
from webapp.mail import operations as mail
from webapp.mail.models import Kind
from webapp.posts import operations as posts
from webapp.settings.queries import installed_at
from webapp.subscriptions import queries as subscriptions
from webapp.subscriptions import schedules
from webapp.subscriptions.models import Cadence

WEEKLY = mark("weekly")
POST = Cadence.POST.value
NOW = mark("now")
LATEST = timedelta(hours=48)
"""How late a letter may still go out, and how long its mails are tried."""


def open_due(*, now: datetime) -> bool:
    """Makes a run for every slot that has come and has none. False: there was nothing to do.

    What is new is noticed first, in the same transaction and under the same lock, so that an open window is complete.
    """
    is_quiet = not news.is_anything_new() and not slots_to_open(now=now)
    if is_quiet and (_new_post(now) is None or not subscriptions.is_anyone_in(POST, now)):
        return False
    news.lock()
    news.notice(now=now)
    opened = [_open_slot(key, slot, now) for key, slot in slots_to_open(now=now)]
    return any([*opened, _open_posts(now)])


def open_now(*, now: datetime) -> DigestRun:
    """A run outside the schedules, for all that is new up to ``now``."""
    posts.publish_due(now=now)  # what should have appeared by now is part of what is new
    news.lock()
    news.notice(now=now)
    _record(NOW, now, RunState.PLANNING, now)
    run = queries.run_for(NOW, now)
    assert run is not None  # noqa: S101  # it was recorded a line above, by us or by another
    return run


def latest_slot(*, now: datetime, key: str = WEEKLY) -> datetime | None:
    """The newest slot of a schedule that has come; None when the site is younger than that."""
    slot = schedules.named(key).latest(now)
    return slot if slot >= installed_at() else None


def slots_to_open(*, now: datetime) -> list[tuple[str, datetime]]:
    """The newest slots that have come and have no run yet: the site's own, and those that somebody is in.

    However many schedules there are, it asks three times: most ticks find nothing.
    """
    since = installed_at()
    newest = [(key, slot) for key in slotted() if (slot := schedules.named(key).latest(now)) >= since]
    without = queries.without_run(newest)
    theirs = subscriptions.in_slots(dict(without))
    return [(key, slot) for key, slot in without if key == WEEKLY or key in theirs]


def slotted() -> Sequence[str]:
    """The schedules that have slots: the site's own first, then the readers'."""
    return [WEEKLY, *(key for key in subscriptions.schedule_keys() if key not in {WEEKLY, POST})]


def is_too_late(slot: datetime, now: datetime) -> bool:
    """Whether a letter that has not been written down yet may no longer go out."""
    return now - slot > LATEST


def announced_for(readers: int) -> timedelta | None:
    """How long a letter for so many readers waits for somebody to stop it; None: it does not."""
    config = site.config()
    if not config.digest_announce_above or readers <= config.digest_announce_above:
        return None
    return timedelta(minutes=config.digest_announce_minutes)


def begin_announced(*, now: datetime) -> None:
    """Lets the announced runs go whose time has come."""
    for run in queries.in_state(RunState.ANNOUNCED):
        held = queries.locked(run.id)
        if held is not None and held.state is RunState.ANNOUNCED and held.goes_at is not None and held.goes_at <= now:
            held.state = RunState.PLANNING


def stop(run_id: int, *, by: str, now: datetime) -> None:
    """Stops an announced run. Its posts are in the letter after it. Raises :class:`Refused` when it has gone out."""
    run = queries.locked(run_id)
    if run is None:
        raise Refused("run", _("There is no such letter."))
    if run.state is not RunState.ANNOUNCED:
        raise Refused("run", _("This letter is not waiting any more."))
    end(run, RunState.SKIPPED, now, note=STOPPED)
    audit.record("digest.stopped", f"run {run.id}", now=now, actor=by)


def end(run: DigestRun, state: RunState, now: datetime, *, note: str = "") -> None:
    run.state = state
    run.note = note
    run.ended_at = now


def _open_slot(key: str, slot: datetime, now: datetime) -> bool:
    """The run of a schedule's newest slot. Of the site's own the older ones that were missed are recorded as well."""
    if key == WEEKLY:
        before = max(installed_at(), queries.last_slot(key) or installed_at())
        for missed in schedules.named(key).between(before, slot):
            _record(key, missed, RunState.SKIPPED, now, note=MISSED)
    if is_too_late(slot, now):
        return _record(key, slot, RunState.SKIPPED, now, note=TOO_LATE)
    return _record(key, slot, RunState.PLANNING, now)


def _new_post(now: datetime) -> datetime | None:
    """When the newest post appeared that those who get each post have had no run for."""
    newest, last = news.newest(until=now), queries.last_slot(POST)
    return newest if newest is not None and (last is None or newest > last) else None


def _open_posts(now: datetime) -> bool:
    """A run for who gets each post when it appears. Its slot is the instant of the newest post."""
    slot = _new_post(now)
    if slot is None or not subscriptions.is_anyone_in(POST, slot):
        return False
    if is_too_late(slot, now):
        return _record(POST, slot, RunState.SKIPPED, now, note=mark("more than 48 hours late: the next mail covers it"))
    return _record(POST, slot, RunState.PLANNING, now)


def _record(key: str, slot: datetime, state: RunState, now: datetime, *, note: str = "") -> bool:
    """Writes a slot down. False: another process was first, by the unique key."""
    schedule = schedules.named(WEEKLY if key == NOW else key)
    run = DigestRun(
        schedule_key=key,
        slot_at=slot,
        window_start=min(slot, queries.sent_until(key) or schedule.period_before(slot)),
        window_end=slot,
    )
    if state is not RunState.PLANNING:
        end(run, state, now, note=note)
    try:
        with db.session.begin_nested():
            db.session.add(run)
    except IntegrityError:
        return False
    if state is RunState.PLANNING and key != NOW:
        _announce(run, now)
    return True


def _announce(run: DigestRun, now: datetime) -> None:
    """Keeps a large run back for a while, and mails the editors how to stop it."""
    readers = subscriptions.count_in(run.schedule_key, run.slot_at)
    wait = announced_for(readers)
    if wait is None or not news.between(run.window_start, run.window_end):
        return
    run.state, run.goes_at = RunState.ANNOUNCED, now + wait
    db.session.flush()
    for editor in people.editors():
        rendered = mails.announcement(run, readers, editor.language)
        content = mail.compose(subject=rendered.subject, text=rendered.text, html=rendered.html)
        mail.enqueue(
            kind=Kind.ALARM,
            address=editor.email,
            content=content,
            dedupe_key=f"announced:{run.id}:{editor.id}",
            person_id=editor.id,
            now=now,
            expires_at=run.goes_at,
        )
