"""What becomes of a reminder: each change is a noun in its address, and only a POST brings it about."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from webapp.core import clock
from webapp.core.errors import Refused
from webapp.extensions import db
from webapp.reminders import operations, snoozing, when
from webapp.reminders.forms import EditForm
from webapp.reminders.models import COMING, Reminder, ReminderState
from webapp.reminders.snoozing import Snooze
from webapp.reminders.views.blueprint import ONE, blueprint, edit_page, mine, moment, quoted

PICKED = "until"
"""The choice to put a reminder off to a time of one's own."""


@blueprint.post(f"{ONE}/cancellation")
@login_required
def cancel(reminder_id: int) -> ResponseReturnValue:
    reminder = mine(reminder_id, to_change=True)
    operations.cancel(reminder, now=clock.now())
    db.session.commit()
    return _back(gettext("Cancelled %(what)s. Nothing will be sent.", what=quoted(reminder)), reminder)


@blueprint.post(f"{ONE}/completion")
@login_required
def complete(reminder_id: int) -> ResponseReturnValue:
    reminder = mine(reminder_id, to_change=True)
    operations.finish(reminder, now=clock.now())
    db.session.commit()
    if reminder.state is ReminderState.PENDING:
        next_time = moment(reminder.due_at, reminder.zone)
        return _back(
            gettext("Done for this time. %(what)s comes again %(when)s.", what=quoted(reminder), when=next_time),
            reminder,
        )
    return _back(gettext("Done: %(what)s.", what=quoted(reminder)), reminder)


@blueprint.post(f"{ONE}/restoration")
@login_required
def restore(reminder_id: int) -> ResponseReturnValue:
    reminder = mine(reminder_id, to_change=True)
    try:
        operations.restore(reminder, now=clock.now())
    except Refused as refused:
        return _needs_a_time(reminder, refused.message)
    db.session.commit()
    comes = moment(reminder.due_at, reminder.zone)
    return _back(gettext("%(what)s is back. It comes %(when)s.", what=quoted(reminder), when=comes))


@blueprint.post(f"{ONE}/snooze")
@login_required
def snooze(reminder_id: int) -> ResponseReturnValue:
    reminder = mine(reminder_id, to_change=True)
    if reminder.state not in {*COMING, ReminderState.FIRED}:
        return _needs_a_time(reminder, gettext("This one is over. Give it a new time."))
    now = clock.now()
    since = max(now, reminder.due_at) if reminder.state is ReminderState.PENDING else now
    try:
        operations.snooze(reminder, until=put_off_until(reminder, since=since, now=now), now=now)
    except Refused as refused:
        return _needs_a_time(reminder, refused.message)
    db.session.commit()
    comes = moment(reminder.due_at, reminder.zone)
    return _back(gettext("%(what)s now comes %(when)s.", what=quoted(reminder), when=comes))


@blueprint.post(f"{ONE}/pause")
@login_required
def pause(reminder_id: int) -> ResponseReturnValue:
    reminder = mine(reminder_id, to_change=True)
    now, words = clock.now(), (request.form.get("until") or "").strip()
    try:
        until = when.instant(when.read(words, reminder.zone, now), reminder.zone) if words else None
        operations.pause(reminder, until=until, now=now)
    except Refused as refused:
        return _needs_a_time(reminder, refused.message)
    db.session.commit()
    if reminder.state is ReminderState.PAUSED:
        return _back(gettext("%(what)s is paused until you resume it.", what=quoted(reminder)))
    comes = moment(reminder.due_at, reminder.zone)
    return _back(gettext("%(what)s is paused. It comes %(when)s.", what=quoted(reminder), when=comes))


@blueprint.post(f"{ONE}/resumption")
@login_required
def resume(reminder_id: int) -> ResponseReturnValue:
    reminder = mine(reminder_id, to_change=True)
    operations.resume(reminder, now=clock.now())
    db.session.commit()
    comes = moment(reminder.due_at, reminder.zone)
    return _back(gettext("%(what)s goes on. It comes %(when)s.", what=quoted(reminder), when=comes))


def put_off_until(reminder: Reminder, *, since: datetime, now: datetime) -> datetime:
    """Until when a form puts a reminder off: one of our lengths, or a time that was picked, or written in words."""
    by = request.form.get("by") or request.form.get("do")
    if by != PICKED:
        return snoozing.until(reminder, snooze_named(by), since=since)
    words = request.form.get("until") or ""
    return when.instant(when.read(words, reminder.zone, now), reminder.zone)


def snooze_named(raw: str | None) -> Snooze:
    """The length that a form names. Forms of ours name no other."""
    try:
        return Snooze(raw or "")
    except ValueError:
        abort(400)


def _back(said: str, undoing: Reminder | None = None) -> ResponseReturnValue:
    """To the list, which says what happened; a change that can be taken back offers it while there is time."""
    if undoing is not None and (undoing.due_at > clock.now() or undoing.state is ReminderState.DONE):
        undo = url_for("reminders.restore", reminder_id=undoing.id)
        flash(cast(Any, {"text": said, "undo": undo}), "note")
    else:
        flash(said)
    return redirect(url_for("reminders.index"), 303)


def _needs_a_time(reminder: Reminder, why: str) -> ResponseReturnValue:
    db.session.rollback()
    form = EditForm.showing(reminder)
    form.refuse(Refused("when", why))
    return edit_page(reminder, form), 422
