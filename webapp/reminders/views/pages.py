"""The pages: what is coming up and a new one, editing, and what has been."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from webapp.core import clock, pagination, zones
from webapp.core.errors import Conflict, Refused
from webapp.core.pagination import Place
from webapp.core.urls import local_path
from webapp.extensions import db
from webapp.posts import queries as posts
from webapp.posts.models import Post
from webapp.reminders import forms, operations, queries, recurrence, when, wording
from webapp.reminders import history as events
from webapp.reminders.forms import EditForm, ReminderForm
from webapp.reminders.models import Condition, Reminder
from webapp.reminders.views.blueprint import ONE, blueprint, chosen, edit_page, me, mine, moment, posts_of

PAGE = 50
LATELY = timedelta(days=2)
TWICE_WITHIN = timedelta(seconds=30)
"""The same reminder set again this soon is a button pressed twice."""


@blueprint.get("/reminders")
@login_required
def index() -> ResponseReturnValue:
    post = _post(request.args.get("post"))
    form = _new(zone=forms.spelled(me().zone), recipient=request.args.get("to", ""))
    if post is not None:
        form.post_id.data = str(post.id)
        form.text.data = gettext("Read “%(title)s”", title=post.title)
    return _index(form, post)


@blueprint.post("/reminders")
@login_required
def create() -> ResponseReturnValue:
    form = _new()
    post = _post(form.post_id.data)
    now = clock.now()
    if request.form.get("look"):
        return _index(form, post, looked=True)
    condition, lead = form.bond()
    is_before_it_appears = condition is Condition.SCHEDULED
    wish = form.read(now) if not is_before_it_appears else None
    if wish is not None or (is_before_it_appears and form.validate()):
        recipient, with_me = chosen(form)
        try:
            reminder = operations.schedule(
                person=me(),
                text=form.text.data,
                wall_time=wish.wall_time if wish else None,
                zone=wish.zone if wish else me().zone,
                recurrence=wish.recurrence if wish else None,
                post_id=post.id if post else None,
                condition=condition if post else Condition.NONE,
                lead=lead,
                recipient=recipient,
                with_me=with_me,
                now=now,
            )
        except Refused as refused:
            db.session.rollback()
            form.refuse(refused)
        else:
            _say_when(reminder)
            if queries.twin_of(reminder, since=now - TWICE_WITHIN):
                db.session.rollback()
            db.session.commit()
            return redirect(local_path(form.next.data) or url_for("reminders.index"), 303)
    return _index(form, post), 422


@blueprint.get("/reminders/reading")
@login_required
def reading() -> str:
    """How we would read the form as it stands. It sets nothing."""
    form = ReminderForm(request.args)
    return render_template("reminders/_reading.html", form=form, **_reading(form))


@blueprint.route(f"{ONE}/edit", methods=["GET", "POST"])
@login_required
def edit(reminder_id: int) -> ResponseReturnValue:
    if request.method != "POST":
        reminder = mine(reminder_id)
        return edit_page(reminder, _showing(reminder))
    reminder = mine(reminder_id, to_change=True)
    form = _showing(reminder)
    now = clock.now()
    wish = form.read(now)
    if wish is not None:
        recipient, with_me = chosen(form, kept=reminder.recipient)
        changes = form.changes(reminder, wish) | {"recipient": recipient, "with_me": with_me}
        try:
            operations.edit(reminder, version=form.seen_version(), now=now, **changes)
        except Refused as refused:
            db.session.rollback()
            form.refuse(refused)
        except Conflict:
            db.session.rollback()
            form.version.data = str(reminder.version)
            return edit_page(reminder, form, is_stale=True), 409
        else:
            db.session.commit()
            _say_when(reminder)
            return redirect(url_for("reminders.index"), 303)
    return edit_page(reminder, form), 422


@blueprint.get("/reminders/history")
@login_required
def history() -> ResponseReturnValue:
    before = _place("before")
    found = queries.history(me(), before=before, limit=PAGE + 1)
    return render_template(
        "reminders/history.html",
        reminders=found[:PAGE],
        posts=posts_of(found[:PAGE]),
        happened=events.latest_of(found[:PAGE]),
        older=_word_for(found[PAGE - 1]) if len(found) > PAGE else None,
        is_first=before is None,
        now=clock.now(),
    )


def _new(**values: Any) -> ReminderForm:
    return ReminderForm(**values).offer(queries.open_recipients_of(me()))


def _showing(reminder: Reminder) -> EditForm:
    """The form of a reminder; whom it reminds already stays among the choices, whatever they say by now."""
    others = list(queries.open_recipients_of(me()))
    if reminder.recipient is not None and reminder.recipient not in others:
        others.append(reminder.recipient)
    return EditForm.showing(reminder).offer(others)


def _reading(form: ReminderForm) -> dict[str, Any]:
    """The reminder that the form would set, and its next times; or why there is none."""
    now = clock.now()
    if not (form.when.data or form.picked.data):
        return {"read": None, "wrong": None, "coming": []}
    wish = form.time_and_rule(now)
    wrong = next((str(each.errors[0]) for each in form if each.errors), None)
    if wish is None or wrong:
        return {"read": None, "wrong": wrong, "coming": []}
    rule = None if wish.recurrence is operations.KEEP else wish.recurrence
    wall_time = wish.wall_time.isoformat()
    try:
        due_at = when.instant(wish.wall_time, wish.zone)
        when.check_due(due_at, now, field="when")
        if rule:
            recurrence.check(rule, wish.wall_time)
    except Refused as refused:
        return {"read": None, "wrong": refused.message, "coming": []}
    read = Reminder(zone=wish.zone, wall_time=wall_time, due_at=due_at, recurrence=rule, series_start=wall_time)
    coming = [(instant, wording.is_moved(wall, wish.zone)) for wall, instant in recurrence.coming(read)]
    return {"read": read, "wrong": None, "coming": coming}


def _index(form: ReminderForm, post: Post | None, *, looked: bool = False) -> str:
    after = _place("after")
    found = queries.coming_up(me(), after=after, limit=PAGE + 1)
    lately = queries.came_since(me(), clock.now() - LATELY) if after is None else []
    return render_template(
        "reminders/index.html",
        form=form,
        **(_reading(form) if looked else {}),
        post=post,
        reminders=found[:PAGE],
        lately=lately,
        posts=posts_of([*found, *lately]),
        happened=events.latest_of([*found, *lately]),
        later=_word_for(found[PAGE - 1]) if len(found) > PAGE else None,
        is_first=after is None,
        zones=zones.choices(),
        now=clock.now(),
    )


def _post(raw: str | None) -> Post | None:
    """The post that an address or a form names, None for none; one that cannot be read here does not exist."""
    if not raw:
        return None
    is_number = raw.isascii() and raw.isdigit() and len(raw) < 20
    return (posts.get_visible(me(), int(raw)) if is_number else None) or abort(404)


def _place(name: str) -> Place | None:
    raw = request.args.get(name)
    try:
        return pagination.read(raw) if raw else None
    except Refused:
        abort(404)


def _word_for(reminder: Reminder) -> str:
    return pagination.write(Place(reminder.due_at, reminder.id))


def _say_when(reminder: Reminder) -> None:
    said = gettext("We will remind you on %(moment)s.", moment=moment(reminder.due_at, reminder.zone))
    odd = wording.oddity(reminder)
    flash(f"{said} {odd}" if odd else said)
