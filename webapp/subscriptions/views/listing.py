"""The list of readers as a file, for administrators: out, and in without writing to anyone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from flask import Flask, Response, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from webapp.accounts import permissions
from webapp.accounts.identity import person_here
from webapp.audit import operations as audit
from webapp.core import clock
from webapp.extensions import db, limiter
from webapp.subscriptions import lists, queries
from webapp.subscriptions.models import SubscriptionState
from webapp.subscriptions.views.blueprint import blueprint

MOST_BYTES = 4_000_000
SHOWN = 50


@blueprint.get("/letters/readers")
@login_required
@permissions.admin.require(403)
def readers() -> ResponseReturnValue:
    return _page()


@blueprint.get("/letters/readers.csv")
@login_required
@permissions.admin.require(403)
def readers_out() -> ResponseReturnValue:
    """Everyone, whatever their state, with the proof of each consent."""
    headers = {"Content-Disposition": "attachment; filename=readers.csv", "Cache-Control": "no-store"}
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001  # it outlives the request
    return Response(_pieces(app), mimetype="text/csv", headers=headers)


@blueprint.post("/letters/readers")
@login_required
@permissions.admin.require(403)
@limiter.limit("30/hour")
def readers_in() -> ResponseReturnValue:
    file = request.files.get("file")
    raw = file.read(MOST_BYTES + 1) if file else b""
    if not raw:
        return _page(error=gettext("Choose a file.")), 422
    if len(raw) > MOST_BYTES:
        return _page(error=gettext("This list is too long for a page. The command `subscribers import` reads it.")), 422
    is_trial = "trial" in request.form
    rows = csv.DictReader(io.StringIO(raw.decode("utf-8-sig", errors="replace")))
    try:
        if "email" not in (rows.fieldnames or ()):
            return _page(error=gettext("The first line names the columns, and one of them is email.")), 422
        brought = lists.bring(rows, now=clock.now())
    except csv.Error as error:
        db.session.rollback()
        return _page(error=gettext("This is no CSV file that can be read: %(error)s.", error=error)), 422
    if is_trial:
        db.session.rollback()
    else:
        person = person_here()
        who = person.email if person else ""
        audit.record("subscribers.imported", f"{brought.added} readers", now=clock.now(), actor=who)
        db.session.commit()
    return _page(brought=brought, is_trial=is_trial)


def _page(*, brought: lists.Brought | None = None, is_trial: bool = False, error: str = "") -> str:
    return render_template(
        "subscriptions/readers.html",
        counts={each: queries.in_state(each) for each in SubscriptionState},
        brought=brought,
        is_trial=is_trial,
        error=error,
        shown=SHOWN,
        columns=lists.COLUMNS,
        most=MOST_BYTES // 1_000_000,
    )


def _pieces(app: Flask) -> Iterator[str]:
    """The list, a page of readers at a time. Each has a transaction of its own: a slow reader holds none open."""
    yield ",".join(lists.COLUMNS) + "\r\n"
    last = 0
    while True:
        with app.app_context():
            rows, last = lists.page(last)
        if not rows:
            return
        written = io.StringIO()
        csv.DictWriter(written, lists.COLUMNS).writerows(rows)
        yield written.getvalue()
