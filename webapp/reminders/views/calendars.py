"""The calendar: its private address, and the page where one gets it."""

from __future__ import annotations

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from webapp.core import clock
from webapp.core.urls import absolute
from webapp.extensions import db
from webapp.reminders import calendar as calendars
from webapp.reminders import feeds
from webapp.reminders.views.blueprint import blueprint, me


@blueprint.get("/reminders/calendar")
@login_required
def calendar() -> ResponseReturnValue:
    feed = feeds.of(me())
    address = absolute("reminders.calendar_feed", token=feed.token) if feed else None
    return render_template("reminders/calendar.html", address=address)


@blueprint.post("/reminders/calendar")
@login_required
def renew_calendar() -> ResponseReturnValue:
    had_one = feeds.of(me()) is not None
    feeds.renew(me(), now=clock.now())
    db.session.commit()
    flash(
        gettext("Your calendar has a new address. The old one leads nowhere now.")
        if had_one
        else gettext("Here it is.")
    )
    return redirect(url_for("reminders.calendar"), 303)


@blueprint.post("/reminders/calendar/end")
@login_required
def end_calendar() -> ResponseReturnValue:
    feeds.end(me())
    db.session.commit()
    flash(gettext("Your calendar has no address any more."))
    return redirect(url_for("reminders.calendar"), 303)


@blueprint.get("/reminders/calendar/<token>.ics")
def calendar_feed(token: str) -> ResponseReturnValue:
    """For calendar programs, which sign in nowhere: who knows the address may read it."""
    found = feeds.behind(token) if len(token) <= 64 else None
    if found is None:
        abort(404)
    person, reminders = found
    response = make_response(calendars.of(reminders, name=gettext("Reminders of %(name)s", name=person.name)))
    response.content_type = "text/calendar; charset=utf-8"
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Content-Disposition"] = 'inline; filename="reminders.ics"'
    response.add_etag()
    return response.make_conditional(request)
