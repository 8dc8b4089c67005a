"""Asking for the letter, confirming, leaving."""

from __future__ import annotations

from datetime import datetime

from flask import abort, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from webapp.accounts.identity import person_here
from webapp.core import clock, languages, site, weekly
from webapp.core.errors import Refused
from webapp.core.forms import blame
from webapp.extensions import csrf, db, limiter
from webapp.posts import queries as posts
from webapp.subscriptions import links, operations, queries, schedules, wording
from webapp.subscriptions.forms import WORDS, LetterForm
from webapp.subscriptions.models import Cadence, Subscription, SubscriptionState
from webapp.subscriptions.views import managing
from webapp.subscriptions.views.blueprint import blueprint, consent


@blueprint.get("/subscribe")
def subscribe() -> ResponseReturnValue:
    person = person_here()
    return _subscribe_page(LetterForm(email=person.email if person else ""))


@blueprint.post("/subscribe")
@limiter.limit("20/hour")
def subscribed() -> ResponseReturnValue:
    form, person = LetterForm(), person_here()
    if not form.validate():
        return make_response(_subscribe_page(form), 422)
    try:
        subscription = operations.ask(
            email=form.email.data or "",
            consent=consent(WORDS),
            now=clock.now(),
            person=person,
            language=languages.spoken(),
        )
    except Refused as refused:
        db.session.rollback()
        blame(form, refused)
        return make_response(_subscribe_page(form), 422)
    db.session.commit()
    if person and person.is_confirmed and person.email == subscription.address:
        flash(gettext("You get the letter now."))
        return redirect(url_for("subscriptions.subscribe"), 303)
    session["letter_to"] = subscription.address
    return redirect(url_for("subscriptions.asked"), 303)


@blueprint.get("/subscribe/sent")
def asked() -> ResponseReturnValue:
    """The same for every address, so that it tells nobody who reads us."""
    return render_template("subscriptions/asked.html", address=session.get("letter_to"))


@blueprint.get("/confirm/letter-<token>")
def confirm(token: str) -> ResponseReturnValue:
    subscription = links.to_confirm(token)
    if subscription is None:
        return link_is_over()
    return render_template("subscriptions/confirm.html", subscription=subscription, **_chosen(subscription))


@blueprint.post("/confirm/letter-<token>")
def confirmed(token: str) -> ResponseReturnValue:
    subscription = links.to_confirm(token)
    if subscription is None:
        return link_is_over()
    operations.confirm(subscription, now=clock.now())
    db.session.commit()
    return redirect(url_for("subscriptions.confirm", token=token), 303)


@blueprint.route("/unsubscribe/<token>", methods=["GET", "POST"])
@csrf.exempt  # RFC 8058: mail programs post here without cookies; the token in the address is what proves the right
def unsubscribe(token: str) -> ResponseReturnValue:
    subscription = links.to_leave(token) or abort(404)
    if request.method == "POST":
        operations.leave(subscription, now=clock.now())
        db.session.commit()
    return render_template("subscriptions/leave.html", subscription=subscription)


def _subscribe_page(form: LetterForm) -> ResponseReturnValue:
    """How things stand for whoever is signed in, or the form."""
    person = person_here()
    own = queries.by_address(person.email) if person else None
    if own is not None and own.state is SubscriptionState.ACTIVE and not form.errors:
        return managing.page(own, managing.form_of(own), url_for("subscriptions.own_letters"))
    is_member = person is not None and person.is_confirmed
    return render_template("subscriptions/subscribe.html", form=form, words=WORDS, is_member=is_member, **_coming())


def _coming() -> dict[str, object]:
    """When the next letter comes, and how many posts wait for it."""
    now = clock.now()
    waiting = posts.published_between(weekly.letter().latest(now), now)
    return {"next_at": _next_at(), "zone": site.config().site_timezone, "waiting": len(waiting)}


def _chosen(subscription: Subscription) -> dict[str, object]:
    """What a reader asked for, in words, and when the next letter comes."""
    schedule = schedules.of(subscription)
    return {
        "how_often": wording.how_often(subscription),
        "in_full": wording.in_full(subscription),
        "next_at": None if schedule.cadence is Cadence.POST else schedule.after(clock.now()),
        "zone": schedule.zone.key,
        "is_usual": subscription.follows == "site" and subscription.schedule_key == Cadence.WEEKLY,
        "manage_token": links.manage_token(subscription),
    }


def link_is_over() -> ResponseReturnValue:
    return render_template("subscriptions/over.html"), 410


def _next_at() -> datetime:
    return weekly.letter().after(clock.now())
