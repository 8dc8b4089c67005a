"""The page behind the link in a reminder's mail: done, or later, without signing in.

The link is signed and names a version. Opening it changes nothing, as mail scanners open links. Its form works without
cookies, so it carries no token against forgery: who can send it has the link.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Response, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from webapp.core import clock, tokens
from webapp.core.errors import Refused
from webapp.extensions import csrf, db
from webapp.reminders import mails, operations, queries
from webapp.reminders.models import Origin, Reminder, ReminderState
from webapp.reminders.views.blueprint import blueprint
from webapp.reminders.views.changes import put_off_until

DONE = "done"
SAME = timedelta(minutes=1)


@blueprint.route("/reminders/act/<token>", methods=["GET", "POST"])
@csrf.exempt
def act(token: str) -> ResponseReturnValue:
    payload = tokens.read(mails.ACT_PURPOSE, token, max_age=mails.ACT_MAX_AGE)
    if payload is None:
        abort(404)
    reminder_id, version = payload
    reminder = queries.get_mailed(reminder_id, to_change=request.method == "POST") or abort(404)
    is_current = reminder.version == version
    if request.method != "POST":
        return _page(reminder, is_current=is_current)
    try:
        said = _do(reminder, request.form.get("do"), is_current=is_current)
    except Refused as refused:
        db.session.rollback()
        return _page(reminder, is_current=is_current, wrong=refused.message, status=422)
    db.session.commit()
    return _page(reminder, is_current=False, said=said, status=200 if said else 409)


def _do(reminder: Reminder, wish: str | None, *, is_current: bool) -> str | None:
    """Does what the button says; what to say about it, or None when the reminder is no longer the one in the mail.

    Sent twice, it does nothing the second time and says the same.
    """
    now = clock.now()
    if wish == DONE:
        if is_current and reminder.state is ReminderState.FIRED:
            operations.finish(reminder, now=now, origin=Origin.MAIL)
        is_next = is_current and reminder.state is ReminderState.PENDING  # a repeating one has moved on already
        return str(gettext("Done.")) if is_next or reminder.state is ReminderState.DONE else None
    until = put_off_until(reminder, since=now, now=now)
    if is_current:
        operations.snooze(reminder, until=until, now=now, origin=Origin.MAIL)
    elif reminder.state is not ReminderState.PENDING or abs(reminder.due_at - until) > SAME:
        return None
    return str(gettext("Put off."))


def _page(
    reminder: Reminder, *, is_current: bool, said: str | None = None, wrong: str | None = None, status: int = 200
) -> Response:
    page = render_template("reminders/act.html", reminder=reminder, is_current=is_current, said=said, wrong=wrong)
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
