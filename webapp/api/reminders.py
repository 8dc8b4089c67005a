"""Reminders: the caller's own, and nobody else's."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from werkzeug.exceptions import Forbidden, NotFound

from webapp.accounts.models import Person, Scope
from webapp.api import answers, paging
from webapp.api.auth import caller, needs
from webapp.api.blueprint import ID, Blueprint
from webapp.api.schemas import NewReminder, ReminderChange, ReminderPage, ReminderQuery, ReminderSchema
from webapp.core import clock
from webapp.core.errors import Refused
from webapp.core.words import _
from webapp.extensions import db
from webapp.posts import queries as posts
from webapp.reminders import operations, queries, when
from webapp.reminders.models import Reminder, ReminderState

blueprint = Blueprint("reminders", __name__, url_prefix="/reminders")
SCHEMA = ReminderSchema()
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
        person = caller()
        if not person.is_confirmed:
            raise Forbidden("Confirm your mail address first. Then we can remind you.")
        values.setdefault("zone", person.zone)
        reminder = operations.schedule(person=person, now=clock.now(), **_read(values, person, values["zone"]))
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
            operations.edit(reminder, now=clock.now(), version=reminder.version, **changes)
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
        operations.cancel(reminder, now=clock.now())
        db.session.commit()
        return answers.nothing()


def _read(values: dict[str, Any], person: Person, zone: str) -> dict[str, Any]:
    """The fields of a body as the operations take them: times read, the post one that this person may see."""
    read: dict[str, Any] = {name: values[name] for name in ("text", "zone", "recurrence", "post_id") if name in values}
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
