"""Did it go out? For an operator about any address, for a person about their own."""

from __future__ import annotations

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from webapp.accounts.identity import person_here
from webapp.core import days
from webapp.core.errors import Refused
from webapp.core.rendering import viewer_zone, when
from webapp.core.text import address
from webapp.core.words import _
from webapp.mail.models import Kind
from webapp.ops import explain as explaining
from webapp.ops.views.blueprint import blueprint, for_operators

SHOWN = 20


@blueprint.get("/ops/explain")
@for_operators
def explain() -> ResponseReturnValue:
    asked = {name: request.args.get(name, "").strip() for name in ("address", "kind", "since", "until")}
    refused = answer = None
    if asked["address"]:
        try:
            kind = Kind(asked["kind"]) if asked["kind"] else None
            answer = explaining.answer(
                address(asked["address"], field="address"),
                kind=kind,
                say=when,
                limit=SHOWN,
                days=days.read(asked["since"], asked["until"], viewer_zone()),
            )
        except ValueError:
            refused = Refused("kind", _("There is no such kind."))
        except Refused as error:
            refused = error
    shown = {"asked": asked, "answer": answer, "refused": refused, "kinds": Kind, "shown": SHOWN}
    return render_template("ops/explain.html", **shown), 422 if refused else 200


@blueprint.get("/settings/mail")
@login_required
def own_mail() -> ResponseReturnValue:
    """Why did I get this, and why not that? Only what was written to one's own confirmed address."""
    person = person_here()
    if person is None or not person.is_confirmed:
        abort(404)
    asked = {name: request.args.get(name, "").strip() for name in ("since", "until")}
    refused, asked_days = None, days.ALWAYS
    try:
        asked_days = days.read(asked["since"], asked["until"], viewer_zone())
    except Refused as error:
        refused = error
    answer = explaining.answer(person.email, kind=None, say=when, limit=SHOWN, days=asked_days)
    shown = {"asked": asked, "answer": answer, "refused": refused, "shown": SHOWN}
    return render_template("ops/own_mail.html", **shown), 422 if refused else 200
