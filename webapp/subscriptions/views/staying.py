"""Saying that letters are still wanted, by the link in the mail that asks."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.core import clock
from webapp.extensions import db
from webapp.subscriptions import dormancy, links
from webapp.subscriptions.views.asking import link_is_over
from webapp.subscriptions.views.blueprint import blueprint


@blueprint.get("/confirm/still-<token>")
def still(token: str) -> ResponseReturnValue:
    subscription = links.to_stay(token)
    if subscription is None:
        return link_is_over()
    return render_template(
        "subscriptions/still.html",
        subscription=subscription,
        waits=dormancy.is_waited_for(subscription),
        is_paused=dormancy.is_silent(subscription),
        manage_token=links.manage_token(subscription),
    )


@blueprint.post("/confirm/still-<token>")
def stays(token: str) -> ResponseReturnValue:
    subscription = links.to_stay(token)
    if subscription is None:
        return link_is_over()
    dormancy.heard_of(subscription, now=clock.now())
    db.session.commit()
    return redirect(url_for("subscriptions.still", token=token), 303)
