"""Reminding someone else: whom a person has asked, who has asked them, and the pages behind the links in mails.

The links are signed and need no account. Opening one changes nothing, as mail scanners open links.
"""

from __future__ import annotations

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from webapp.core import clock
from webapp.core.errors import Refused
from webapp.core.pagination import LARGEST_ID
from webapp.extensions import csrf, db, limiter
from webapp.reminders import links, queries, recipients
from webapp.reminders.forms import AskForm
from webapp.reminders.models import Leave, Recipient
from webapp.reminders.views.blueprint import blueprint, me

ONE = f"/reminders/others/<int(max={LARGEST_ID}):recipient_id>"
YES, NO, NEVER, AGAIN = "yes", "no", "never", "again"


@blueprint.get("/reminders/others")
@login_required
def others() -> ResponseReturnValue:
    return _others(AskForm())


@blueprint.post("/reminders/others")
@limiter.limit("60/hour")
@login_required
def ask_other() -> ResponseReturnValue:
    form = AskForm()
    if form.validate():
        try:
            recipient = recipients.ask(me(), form.address.data or "", now=clock.now())
        except Refused as refused:
            db.session.rollback()
            form.refuse(refused)
        else:
            db.session.commit()
            flash(_what_now(recipient))
            return redirect(url_for("reminders.others"), 303)
    return _others(form), 422


@blueprint.post(f"{ONE}/withdrawal")
@login_required
def take_back_other(recipient_id: int) -> ResponseReturnValue:
    recipient = queries.get_recipient(me(), recipient_id, to_change=True) or abort(404)
    recipients.take_back(recipient, now=clock.now())
    db.session.commit()
    flash(gettext("Nothing of yours goes to %(address)s any more.", address=recipient.address))
    return redirect(url_for("reminders.others"), 303)


@blueprint.post(f"{ONE}/answer")
@login_required
def answer_other(recipient_id: int) -> ResponseReturnValue:
    """For whoever has an account at the address that was asked: the same answers, without the mail."""
    recipient = queries.get_asked(me(), recipient_id) or abort(404)
    _do(recipient, request.form.get("do"))
    db.session.commit()
    flash(_answered(recipient))
    return redirect(url_for("reminders.others"), 303)


@blueprint.route("/reminders/request/<token>", methods=["GET", "POST"])
@csrf.exempt  # who can send it has the link
def answer(token: str) -> ResponseReturnValue:
    recipient = _behind(links.to_answer(token))
    is_over = recipient.taken_back_at is not None
    if request.method != "POST" or is_over:
        status = 409 if request.method == "POST" else 200
        return _page(recipient, may_accept=not is_over, may_act=not is_over, status=status)
    _do(recipient, request.form.get("do"))
    db.session.commit()
    return _page(recipient, may_accept=True, said=_answered(recipient))


@blueprint.route("/reminders/stop/<token>", methods=["GET", "POST"])
@csrf.exempt  # RFC 8058: mail programs post here without cookies; the token in the address is what proves the right
def stop(token: str) -> ResponseReturnValue:
    """Without a word about what to do (a mail program's one click) it stops what this person sends."""
    recipient = _behind(links.to_stop(token))
    may_accept = recipient.accepted_at is not None and recipient.taken_back_at is None
    if request.method != "POST":
        return _page(recipient, may_accept=may_accept)
    wish = request.form.get("do") or NO
    if wish == YES and not may_accept:
        abort(400)
    _do(recipient, wish)
    db.session.commit()
    return _page(recipient, may_accept=may_accept, said=_answered(recipient))


def _behind(recipient_id: int | None) -> Recipient:
    if recipient_id is None:
        abort(404)
    return queries.recipient_behind(recipient_id, to_change=request.method == "POST") or abort(404)


def _do(recipient: Recipient, wish: str | None) -> None:
    """What the owner of the address wants. Sent twice, it does nothing the second time."""
    now = clock.now()
    if wish == YES:
        recipients.accept(recipient, now=now)
    elif wish in {NO, NEVER}:
        recipients.refuse(recipient, now=now)
        if wish == NEVER:
            recipients.close(recipient.address, now=now)
    elif wish == AGAIN:
        recipients.reopen(recipient.address)
    else:
        abort(400)


def _answered(recipient: Recipient) -> str:
    named = {"name": recipient.person.name}
    if recipient.leave is Leave.ACCEPTED:
        return str(gettext("%(name)s may remind you.", **named))
    if recipients.is_closed(recipient.address):
        return str(gettext("Nothing of %(name)s goes to you, and nobody here asks you again.", **named))
    if recipient.leave is Leave.ASKED:
        return str(gettext("You may be asked again."))
    return str(gettext("Nothing of %(name)s goes to you.", **named))


def _what_now(recipient: Recipient) -> str:
    """The same for every address that has not said yes, whatever is known about it."""
    if recipient.is_open:
        said = gettext("%(address)s said yes before. You can choose it for your reminders.", address=recipient.address)
    else:
        said = gettext(
            "If we may, we ask %(address)s once. Until its owner says yes, nothing else goes there.",
            address=recipient.address,
        )
    return str(said)


def _page(
    recipient: Recipient, *, may_accept: bool, may_act: bool = True, said: str | None = None, status: int = 200
) -> Response:
    page = render_template(
        "reminders/answer.html",
        recipient=recipient,
        may_accept=may_accept and recipient.taken_back_at is None,
        may_act=may_act,
        is_closed=recipients.is_closed(recipient.address),
        said=said,
    )
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _others(form: AskForm) -> str:
    is_closed = me().is_confirmed and recipients.is_closed(me().email)
    asked = db.session.scalars(queries.asked_of(me()).limit(200)).all()
    return render_template(
        "reminders/others.html",
        form=form,
        recipients=db.session.scalars(queries.recipients_of(me()).limit(200)).all(),
        asked=[each for each in asked if each.leave is not Leave.ASKED or not is_closed],
        is_closed=is_closed,
    )
