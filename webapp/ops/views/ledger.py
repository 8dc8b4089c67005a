"""The ledger: every mail, one mail with all that happened to it, and what an operator can do about it."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from webapp.core import clock, days, pagination
from webapp.core.errors import Refused
from webapp.core.rendering import viewer_zone, when
from webapp.core.text import address
from webapp.core.words import _
from webapp.extensions import db
from webapp.mail import decisions, holds
from webapp.mail.models import Delivery, Kind, State
from webapp.ops import queries
from webapp.ops.explain import reason
from webapp.ops.story import Step, story
from webapp.ops.views.blueprint import blueprint, for_operators

PAGE = 50
OTHERS = 10

Choice = TypeVar("Choice", bound=enum.StrEnum)


@blueprint.get("/ops/mails")
@for_operators
def mails() -> ResponseReturnValue:
    asked = {name: request.args.get(name, "").strip() for name in ("address", "kind", "state", "since", "until")}
    refused, found = None, []
    try:
        found = list(_page(**asked, before=request.args.get("before", "")))
    except Refused as error:
        refused = error
    has_more = len(found) > PAGE
    older = None
    if has_more:
        last = found[PAGE - 1]
        before = pagination.write(pagination.Place(last.created_at, last.id))
        older = "?" + urlencode({**asked, "before": before})
    shown = {"found": found[:PAGE], "asked": asked, "refused": refused, "older": older, "kinds": Kind, "states": State}
    return render_template("ops/mails.html", **shown), 422 if refused else 200


@blueprint.get("/ops/mails/<int:delivery_id>")
@for_operators
def mail_story(delivery_id: int) -> ResponseReturnValue:
    return _tell(_mail_or_404(delivery_id))


@blueprint.post("/ops/mails/<int:delivery_id>/resolution")
@for_operators
def resolve(delivery_id: int) -> ResponseReturnValue:
    """An uncertain mail arrived, or goes once more."""
    outcome = request.form.get("outcome")
    if outcome not in {"sent", "resend"}:
        abort(400)
    was_sent = outcome == "sent"
    done = gettext("It counts as sent.") if was_sent else gettext("It is queued once more, with the same Message-ID.")
    return _act(
        delivery_id, done, lambda now: decisions.resolve(delivery_id, was_sent=was_sent, now=now, by=current_user.email)
    )


@blueprint.post("/ops/mails/<int:delivery_id>/resend")
@for_operators
def resend(delivery_id: int) -> ResponseReturnValue:
    """A mail that was refused is tried again."""
    done = gettext("It is queued once more, with the same Message-ID.")
    return _act(delivery_id, done, lambda now: decisions.resend(delivery_id, now=now, by=current_user.email))


@blueprint.post("/ops/release")
@for_operators
def release() -> ResponseReturnValue:
    """Mail that was held goes out."""
    if holds.release(by=current_user.email, now=clock.now()):
        flash(gettext("Mail is released. What has waited goes out now."))
    db.session.commit()
    return redirect(url_for("ops.home"), 303)


def _page(*, address: str, kind: str, state: str, since: str, until: str, before: str) -> list[Delivery]:
    return list(
        queries.ledger(
            limit=PAGE + 1,
            below=pagination.read(before).id if before else None,
            address=_address(address) if address else None,
            kind=_choice(Kind, "kind", kind),
            state=_choice(State, "state", state),
            days=days.read(since, until, viewer_zone()),
        )
    )


def _address(raw: str) -> str:
    return address(raw, field="address")


def _choice(kind: type[Choice], field: str, raw: str) -> Choice | None:
    try:
        return kind(raw) if raw else None
    except ValueError:
        raise Refused(field, _("There is no such choice.")) from None


def _act(delivery_id: int, done: str, act: Callable[[datetime], None]) -> ResponseReturnValue:
    delivery = _mail_or_404(delivery_id)
    try:
        act(clock.now())
    except Refused as refused:
        db.session.rollback()
        return _tell(delivery, refused=refused), 422
    db.session.commit()
    flash(done)
    return redirect(url_for("ops.mail_story", delivery_id=delivery_id), 303)


def _tell(delivery: Delivery, refused: Refused | None = None) -> str:
    run, told = queries.run_of(delivery), story(delivery, when)
    return render_template(
        "ops/mail.html",
        story=told,
        steps=_steps(told.steps),
        run=run,
        others=[(each, reason(run, each)) for each in queries.not_reached(run, limit=OTHERS)] if run else [],
        refused=refused,
        is_held=bool(queries.holds()),
    )


def _steps(steps: Sequence[Step]) -> Iterator[tuple[Step, str, str]]:
    """Each step with its clock time to the millisecond and, where the day is another one, the day."""
    before = None
    for step in steps:
        local = step.at.astimezone(viewer_zone())
        day = "" if local.date() == before else when(step.at).rpartition(",")[0]
        before = local.date()
        yield step, f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}", day


def _mail_or_404(delivery_id: int) -> Delivery:
    found = db.session.get(Delivery, delivery_id) if delivery_id <= pagination.LARGEST_ID else None
    if found is None:
        abort(404)
    return found
