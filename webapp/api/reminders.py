"""Reminders: the caller's own, and nobody else's."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Response
from flask.views import MethodView
from werkzeug.exceptions import Forbidden, NotFound

from webapp.accounts.models import Person, Scope
from webapp.api import answers, paging
from webapp.api.auth import caller, needs
from webapp.api.blueprint import ID, Blueprint
from webapp.api.schemas import (
    AskedRecipient,
    NewRecipient,
    NewReminder,
    PageQuery,
    PauseChange,
    RecipientPage,
    RecipientSchema,
    ReminderChange,
    ReminderHistory,
    ReminderPage,
    ReminderQuery,
    ReminderSchema,
    SnoozeChange,
)
from webapp.core import clock
from webapp.core.errors import Refused
from webapp.core.words import _
from webapp.extensions import db
from webapp.posts import queries as posts
from webapp.reminders import history, operations, queries, recipients, snoozing, when
from webapp.reminders.models import COMING, Condition, Origin, Recipient, Reminder, ReminderState
from webapp.reminders.snoozing import Snooze

blueprint = Blueprint("reminders", __name__, url_prefix="/reminders")
SCHEMA = ReminderSchema()
RECIPIENT = RecipientSchema()
EXAMPLE = {"text": "Cover the dahlias", "due_at": "2031-10-20T18:30:00+08:00", "recurrence": "FREQ=YEARLY"}


@blueprint.route("", endpoint="reminders", tags=["Reminders"])
class Reminders(MethodView):
    @needs(Scope.REMINDERS_READ)
    @blueprint.query(ReminderQuery)
    @blueprint.answers(200, ReminderPage, says="A page of reminders, in the order of their due times.")
    def get(self, query: dict[str, Any]) -> Any:
        """List your reminders

        Those to come and those that are over.
        """
        rows = queries.owned_by(caller())
        if "state" in query:
            rows = rows.where(Reminder.state == ReminderState(query["state"]))
        return paging.page(rows.order_by(Reminder.due_at, Reminder.id), query)

    @needs(Scope.REMINDERS_WRITE)
    @blueprint.body(NewReminder, example=EXAMPLE)
    @blueprint.answers(201, ReminderSchema, says="The new reminder.")
    def post(self, values: dict[str, Any]) -> Response:
        """Set a reminder

        Give due_at, or when and the zone it is meant in. The mail goes to your own confirmed address.
        """
        person = _confirmed()
        values.setdefault("zone", person.zone)
        reminder = operations.schedule(
            person=person, now=clock.now(), origin=Origin.API, **_read(values, person, values["zone"])
        )
        db.session.commit()
        return answers.made(SCHEMA, reminder)


@blueprint.route(f"/<{ID}:reminder_id>", endpoint="reminder", tags=["Reminders"])
class OneReminder(MethodView):
    @needs(Scope.REMINDERS_READ)
    @blueprint.answers(200, ReminderSchema, says="The reminder.")
    def get(self, reminder_id: int) -> Response:
        """Read a reminder"""
        return answers.shown(SCHEMA, _owned(caller(), reminder_id))

    @needs(Scope.REMINDERS_WRITE)
    @blueprint.body(ReminderChange, example={"when": "tomorrow 9am", "zone": "Asia/Shanghai"})
    @blueprint.answers(200, ReminderSchema, says="The reminder as it is now.")
    def patch(self, values: dict[str, Any], reminder_id: int) -> Response:
        """Change a reminder

        What you leave out stays as it is. One that is over comes back to life with a new time. A new zone alone
        keeps the time on the clock.
        """
        person = caller()
        reminder = _owned(person, reminder_id, to_change=True)
        answers.must_match(SCHEMA, reminder)
        if values:
            changes = _read(values, person, values.get("zone", reminder.zone))
            operations.edit(reminder, now=clock.now(), version=reminder.version, origin=Origin.API, **changes)
            db.session.commit()
        return answers.shown(SCHEMA, reminder)

    @needs(Scope.REMINDERS_WRITE)
    @blueprint.answers(204, says="It is cancelled; nothing is sent.")
    def delete(self, reminder_id: int) -> Response:
        """Cancel a reminder

        It stays in the list as cancelled.
        """
        reminder = _owned(caller(), reminder_id, to_change=True)
        answers.must_match(SCHEMA, reminder)
        operations.cancel(reminder, now=clock.now(), origin=Origin.API)
        db.session.commit()
        return answers.nothing()


@blueprint.route(f"/<{ID}:reminder_id>/history", endpoint="history", tags=["Reminders"])
class History(MethodView):
    @needs(Scope.REMINDERS_READ)
    @blueprint.answers(200, ReminderHistory, says="What has happened to it, newest first.")
    def get(self, reminder_id: int) -> Any:
        """Read what has happened to a reminder"""
        events = history.of(_owned(caller(), reminder_id))
        return {"items": events, "total": len(events)}


@blueprint.route(f"/<{ID}:reminder_id>/snooze", endpoint="snooze", tags=["Reminders"])
class OneSnooze(MethodView):
    @needs(Scope.REMINDERS_WRITE)
    @blueprint.body(SnoozeChange, example={"by": "1h"})
    @blueprint.answers(200, ReminderSchema, says="The reminder, which comes later now.")
    def post(self, values: dict[str, Any], reminder_id: int) -> Response:
        """Put a reminder off

        By a length, counted from its time or from now when that has come, or until a time.
        """
        reminder, now = _to_change(reminder_id), clock.now()
        if reminder.state not in {*COMING, ReminderState.FIRED}:
            raise Refused("by", _(operations.OVER))
        since = max(now, reminder.due_at) if reminder.state is ReminderState.PENDING else now
        until = _until(values, reminder)
        if until is None:
            until = snoozing.until(reminder, Snooze(values["by"]), since=since)
        operations.snooze(reminder, until=until, now=now, origin=Origin.API)
        db.session.commit()
        return answers.shown(SCHEMA, reminder)


@blueprint.route(f"/<{ID}:reminder_id>/completion", endpoint="completion", tags=["Reminders"])
class OneCompletion(MethodView):
    @needs(Scope.REMINDERS_WRITE)
    @blueprint.answers(200, ReminderSchema, says="The reminder: done, or with its next time.")
    def put(self, reminder_id: int) -> Response:
        """Say that it is done

        One that repeats is done for this time and goes on with its next.
        """
        reminder = _to_change(reminder_id)
        operations.finish(reminder, now=clock.now(), origin=Origin.API)
        db.session.commit()
        return answers.shown(SCHEMA, reminder)

    @needs(Scope.REMINDERS_WRITE)
    @blueprint.answers(200, ReminderSchema, says="The reminder as it was before.")
    def delete(self, reminder_id: int) -> Response:
        """Take back that it is done, or cancelled"""
        reminder = _to_change(reminder_id)
        operations.restore(reminder, now=clock.now(), origin=Origin.API)
        db.session.commit()
        return answers.shown(SCHEMA, reminder)


@blueprint.route(f"/<{ID}:reminder_id>/pause", endpoint="pause", tags=["Reminders"])
class OnePause(MethodView):
    @needs(Scope.REMINDERS_WRITE)
    @blueprint.body(PauseChange, example={"until": "2031-01-07T09:00:00+08:00"}, is_needed=False)
    @blueprint.answers(200, ReminderSchema, says="The reminder, paused.")
    def put(self, values: dict[str, Any], reminder_id: int) -> Response:
        """Pause a reminder

        Until a time, or without one until you resume it.
        """
        reminder = _to_change(reminder_id)
        operations.pause(reminder, until=_until(values, reminder), now=clock.now(), origin=Origin.API)
        db.session.commit()
        return answers.shown(SCHEMA, reminder)

    @needs(Scope.REMINDERS_WRITE)
    @blueprint.answers(200, ReminderSchema, says="The reminder, which goes on.")
    def delete(self, reminder_id: int) -> Response:
        """Resume a reminder"""
        reminder = _to_change(reminder_id)
        operations.resume(reminder, now=clock.now(), origin=Origin.API)
        db.session.commit()
        return answers.shown(SCHEMA, reminder)


@blueprint.route("/recipients", endpoint="recipients", tags=["Reminders"])
class Recipients(MethodView):
    @needs(Scope.REMINDERS_READ)
    @blueprint.query(PageQuery)
    @blueprint.answers(200, RecipientPage, says="A page of whom you have asked, by address.")
    def get(self, query: dict[str, Any]) -> Any:
        """List whom you may remind

        And whom you have asked and who has not said yes.
        """
        return paging.page(queries.recipients_of(caller()), query)

    @needs(Scope.REMINDERS_WRITE)
    @blueprint.body(NewRecipient, example={"address": "friend@example.org"})
    @blueprint.answers(202, AskedRecipient, says="If we may, its owner is asked, once.")
    def post(self, values: dict[str, Any]) -> Any:
        """Ask to remind someone else

        One mail asks the owner of the address; nothing else goes there until they say yes. The answer is the same for
        every address, whatever is known about it.
        """
        recipient = recipients.ask(_confirmed(), values["address"], now=clock.now())
        db.session.commit()
        return {"address": recipient.address}


@blueprint.route(f"/recipients/<{ID}:recipient_id>", endpoint="recipient", tags=["Reminders"])
class OneRecipient(MethodView):
    @needs(Scope.REMINDERS_READ)
    @blueprint.answers(200, RecipientSchema, says="Whom you have asked, and whether they said yes.")
    def get(self, recipient_id: int) -> Response:
        """Read whether someone has said yes"""
        return answers.shown(RECIPIENT, _asked(recipient_id))

    @needs(Scope.REMINDERS_WRITE)
    @blueprint.answers(204, says="It is taken back; nothing of yours goes there.")
    def delete(self, recipient_id: int) -> Response:
        """Take back that you asked"""
        recipient = _asked(recipient_id, to_change=True)
        answers.must_match(RECIPIENT, recipient)
        recipients.take_back(recipient, now=clock.now())
        db.session.commit()
        return answers.nothing()


def _confirmed() -> Person:
    """Whoever calls, if they have shown that their address is theirs."""
    person = caller()
    if not person.is_confirmed:
        raise Forbidden("Confirm your mail address first. Then we can remind you.")
    return person


def _asked(recipient_id: int, *, to_change: bool = False) -> Recipient:
    recipient = queries.get_recipient(caller(), recipient_id, to_change=to_change)
    if recipient is None:
        raise NotFound
    return recipient


def _to_change(reminder_id: int) -> Reminder:
    reminder = _owned(caller(), reminder_id, to_change=True)
    answers.must_match(SCHEMA, reminder)
    return reminder


def _until(values: dict[str, Any], reminder: Reminder) -> datetime | None:
    """The instant that a body names, if it names one."""
    if "until" in values:
        return when.from_offset(values["until"], field="until")
    if "when" in values:
        return when.instant(when.read(values["when"], reminder.zone, clock.now()), reminder.zone)
    return None


def _read(values: dict[str, Any], person: Person, zone: str) -> dict[str, Any]:
    """The fields of a body as the operations take them: times read, the post one that this person may see."""
    read: dict[str, Any] = {name: values[name] for name in ("text", "zone", "recurrence", "post_id") if name in values}
    if "condition" in values:
        read["condition"] = Condition(values["condition"])
    if "lead_minutes" in values:
        read["lead"] = timedelta(minutes=values["lead_minutes"])
    if "recipient" in values:
        address = values["recipient"]
        read["recipient"] = None if address is None else recipients.open_of(person, address)
    if "with_me" in values:
        read["with_me"] = values["with_me"]
    if "due_at" in values:
        read["due_at"] = when.from_offset(values["due_at"])
    if "when" in values:
        read["wall_time"] = when.read(values["when"], zone, clock.now())
    if values.get("post_id") is not None and posts.get_visible(person, values["post_id"]) is None:
        raise Refused("post_id", _("There is no such post."))
    return read


def _owned(person: Person, reminder_id: int, *, to_change: bool = False) -> Reminder:
    reminder = queries.get_owned(person, reminder_id, to_change=to_change)
    if reminder is None:
        raise NotFound
    return reminder
