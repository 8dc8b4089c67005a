"""What a reader gets and when: by the link in a letter, without an account, or signed in."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import login_required

from webapp.accounts import queries as people
from webapp.accounts.identity import person_here
from webapp.core import clock
from webapp.core.errors import Refused
from webapp.core.forms import blame
from webapp.extensions import db
from webapp.posts import queries as posts
from webapp.subscriptions import dormancy, links, operations, queries, schedules, wording
from webapp.subscriptions.following import Following
from webapp.subscriptions.forms import PACES, LettersForm
from webapp.subscriptions.models import Cadence, Subscription, SubscriptionState
from webapp.subscriptions.views.blueprint import blueprint

A_MONTH = timedelta(days=30)


@blueprint.get("/subscribe/settings/<token>")
def letters(token: str) -> ResponseReturnValue:
    subscription = _by(token)
    if subscription.state is not SubscriptionState.ACTIVE:
        return redirect(url_for("subscriptions.subscribe"), 303)
    return page(subscription, form_of(subscription), request.path)


@blueprint.post("/subscribe/settings/<token>")
def change_letters(token: str) -> ResponseReturnValue:
    return _change(_by(token), request.path)


@blueprint.get("/settings/letters")
@login_required
def own_letters() -> ResponseReturnValue:
    subscription = _own()
    if subscription is None:
        return redirect(url_for("subscriptions.subscribe"), 303)
    return page(subscription, form_of(subscription), request.path)


@blueprint.post("/settings/letters")
@login_required
def change_own_letters() -> ResponseReturnValue:
    return _change(_own() or abort(404), request.path)


def page(subscription: Subscription, form: LettersForm, action: str) -> ResponseReturnValue:
    """The settings of one reader: the next letter first, then what, how often and when, leaving at the end."""
    now, schedule = clock.now(), schedules.of(subscription)
    from_then = max(now, subscription.paused_until or now)
    is_silent = dormancy.is_silent(subscription)
    next_at = None if schedule.cadence is Cadence.POST or is_silent else schedule.after(from_then)
    following = Following.read(subscription.follows)
    return render_template(
        "subscriptions/settings.html",
        subscription=subscription,
        form=form,
        action=action,
        choices=_choices(following, form.pace.data or ()),
        next_at=next_at,
        zone=wording.zone_of(subscription),
        waiting=_waiting(subscription, following, next_at, now),
        paces=PACES,
        is_paused=subscription.paused_until is not None and subscription.paused_until > now,
        is_silent=is_silent,
        is_own=action == url_for("subscriptions.own_letters"),
        leave_token=links.leave_token(subscription),
    )


def form_of(subscription: Subscription) -> LettersForm:
    """The form as the reader's settings are now."""
    schedule, following = schedules.of(subscription), Following.read(subscription.follows)
    return LettersForm(
        follows=list(following.words()),
        pace=[f"{word}={cadence}" for word, cadence in following.own],
        cadence=subscription.cadence.value,
        weekday=str(schedule.weekday),
        hour=str(schedule.at.hour),
        zone=wording.city_of(subscription),
        paused_until=_pause_of(subscription, clock.now()),
    )


def _change(subscription: Subscription, action: str) -> ResponseReturnValue:
    if subscription.state is not SubscriptionState.ACTIVE:
        return redirect(url_for("subscriptions.subscribe"), 303)
    now, form, act = clock.now(), LettersForm(), request.form.get("act")
    if act not in {"pause", "resume"} and not form.validate():
        return make_response(page(subscription, form, action), 422)
    dormancy.heard_of(subscription, now=now)
    try:
        match act:
            case "pause":
                in_a_month = datetime.combine((now + A_MONTH).date(), time(), schedules.of(subscription).zone)
                operations.pause(subscription, until=in_a_month, now=now)
                said = gettext("We pause for a month. The first letter after it brings what came meanwhile.")
            case "resume":
                operations.pause(subscription, until=None, now=now)
                said = gettext("Letters come again.")
            case _:
                _save(subscription, form, now)
                said = gettext("Saved.")
    except Refused as refused:
        db.session.rollback()
        blame(form, refused)
        return make_response(page(subscription, form, action), 422)
    db.session.commit()
    flash(said)
    return redirect(action, 303)


def _save(subscription: Subscription, form: LettersForm, now: datetime) -> None:
    """Takes what the form says, and the day of its pause in the zone that it says. Raises :class:`Refused`."""
    before = _pause_of(subscription, now), wording.zone_of(subscription)
    operations.choose(subscription, form.wish(), now=now)
    day, zone = form.paused_until.data, wording.zone_of(subscription)
    if (day, zone) != before:  # else it ends at the instant at which it ended
        until = datetime.combine(day, time(), ZoneInfo(zone)) if day else None
        operations.pause(subscription, until=until, now=now)


def _pause_of(subscription: Subscription, now: datetime) -> date | None:
    """The day on which a reader's pause ends where they are; None when there is none, or none they chose."""
    until = subscription.paused_until
    if until is None or until <= now or dormancy.is_silent(subscription):
        return None
    return until.astimezone(ZoneInfo(wording.zone_of(subscription))).date()


def _choices(following: Following, paces: Collection[str]) -> list[dict[str, Any]]:
    """What can be ticked: the site, and the authors and tags a reader follows one by one; each with its own cadence."""
    choices = [{"value": "site", "name": gettext("Everything on this site")}]
    choices += [{"value": f"@{each.id}", "name": each.name} for each in people.by_ids(following.authors)]
    choices += [
        {"value": f"#{each.id}", "name": gettext("“%(title)s”", title=each.name)}
        for each in posts.tags_by_ids(following.tags)
    ]
    own = dict(each.partition("=")[::2] for each in paces)
    return [each | {"pace": own.get(each["value"], "")} for each in choices]


def _waiting(subscription: Subscription, following: Following, next_at: datetime | None, now: datetime) -> int:
    """How many posts have appeared for the next letter."""
    if next_at is None:
        return 0
    own, since = schedules.of(subscription), subscription.covered_until
    had = {int(word) for word in subscription.had_since.split()}
    found = set()
    for cadence in own.due(following.cadences(subscription.cadence), next_at) - {Cadence.POST}:
        schedule, part = own.at_cadence(cadence), following.at({cadence}, subscription.cadence)
        start = max(since, schedule.latest(now)) if since and subscription.had_since else since
        for post in posts.published_between(start or schedule.period_before(schedule.after(now)), now):
            authors = [post.author_id, *(each.id for each in post.co_authors)]
            if part.holds(authors, [tag.id for tag in post.tags]):
                found.add(post.id)
    return len(found - had)


def _by(token: str) -> Subscription:
    return links.to_manage(token) or abort(404)


def _own() -> Subscription | None:
    """The subscription of whoever is signed in, if they get letters."""
    person = person_here()
    found = queries.by_address(person.email) if person is not None and person.is_confirmed else None
    return found if found is not None and found.state is SubscriptionState.ACTIVE else None
