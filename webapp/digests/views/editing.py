"""For editors: the letters to come, one as any reader would get it, a test to oneself, and what became of each run."""

from __future__ import annotations

import secrets
from datetime import timedelta
from itertools import islice

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from webapp.accounts import permissions
from webapp.accounts.identity import person_here
from webapp.core import clock
from webapp.core.errors import Refused
from webapp.core.headers import MAIL_POLICY
from webapp.core.pagination import LARGEST_ID
from webapp.core.text import address
from webapp.digests import coming, mails, operations, queries
from webapp.digests.models import DigestRun
from webapp.digests.views.blueprint import blueprint
from webapp.extensions import db, limiter
from webapp.subscriptions import queries as subscriptions
from webapp.subscriptions.models import Subscription, SubscriptionState

AHEAD = timedelta(days=14)
LISTED = 8
RUNS = 10


@blueprint.get("/letters")
@login_required
@permissions.editor.require(403)
def letters() -> ResponseReturnValue:
    now = clock.now()
    ahead = [each for each in coming.letters(now=now, until=now + AHEAD) if each.windows]
    runs = queries.newest(RUNS)
    return render_template(
        "digests/letters.html",
        coming=list(islice(ahead, LISTED)),
        further=max(len(ahead) - LISTED, 0),
        runs=runs,
        mails=queries.mails_of(runs),
        readers=subscriptions.in_state(SubscriptionState.ACTIVE),
    )


@blueprint.get("/letters/preview")
@login_required
@permissions.editor.require(403)
def previewed() -> ResponseReturnValue:
    """What a reader would get now. It writes nothing, so that it may be looked at any number of times."""
    try:
        reader = _reader()
        letter = operations.preview(reader, now=clock.now())
    except Refused as refused:
        flash(refused.message, "error")
        return redirect(url_for("digests.letters"), 303)
    return render_template("digests/preview.html", reader=reader, letter=letter)


@blueprint.get("/letters/preview.html")
@login_required
@permissions.editor.require(403)
def preview_frame() -> ResponseReturnValue:
    """The HTML part alone, for the frame on the page."""
    letter = _letter_or_404()
    response = make_response(f'<base target="_blank">{letter.html}')
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@blueprint.post("/letters/test")
@login_required
@permissions.editor.require(403)
@limiter.limit("30/hour")
def test_sent() -> ResponseReturnValue:
    """Mails the letter of a reader to whoever asks, and to nobody else."""
    person = person_here() or abort(403)
    try:
        reader = _reader()
        was_new = operations.send_test(reader, to=person.email, key=secrets.token_hex(8), now=clock.now())
    except Refused as refused:
        db.session.rollback()
        flash(refused.message, "error")
        return redirect(url_for("digests.letters"), 303)
    db.session.commit()
    if was_new:
        flash(gettext("On its way to %(address)s.", address=person.email))
    else:
        flash(gettext("No letter: nothing is new to that reader."), "error")
    return redirect(url_for("digests.previewed", reader=reader.address), 303)


@blueprint.get("/letters/<int:run_id>")
@login_required
@permissions.editor.require(403)
def report(run_id: int) -> ResponseReturnValue:
    found = db.session.get(DigestRun, run_id) if run_id <= LARGEST_ID else None
    run = found or abort(404)
    states = queries.mails_of([run])[run.id]
    return render_template("digests/report.html", run=run, states=states, why=queries.why_not(run.id))


def _reader() -> Subscription:
    """Who is asked about. Raises :class:`Refused` for whoever gets no letters."""
    asked = address(request.values.get("reader", ""))
    found = subscriptions.by_address(asked)
    if found is None or found.state is not SubscriptionState.ACTIVE:
        raise Refused("reader", gettext("%(address)s gets no letters.", address=asked))
    return found


def _letter_or_404() -> mails.Preview:
    try:
        letter = operations.preview(_reader(), now=clock.now())
    except Refused:
        letter = None
    return letter or abort(404)
