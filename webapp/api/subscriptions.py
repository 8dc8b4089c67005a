"""Subscriptions to the letter: anybody's address may be asked for, only its owner and the operators see what became."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response, request
from flask.views import MethodView
from werkzeug.exceptions import Forbidden, NotFound

from webapp.accounts.models import Role, Scope
from webapp.api import answers, paging
from webapp.api.auth import caller, needs, payer, token
from webapp.api.blueprint import ID, Blueprint
from webapp.api.following import weekday_of
from webapp.api.schemas import PageQuery
from webapp.api.subscription_schemas import (
    AskedSubscription,
    NewSubscription,
    SubscriptionChange,
    SubscriptionPage,
    SubscriptionSchema,
)
from webapp.core import clock, text
from webapp.core.errors import Refused
from webapp.core.words import _
from webapp.extensions import db, limiter
from webapp.reminders import when
from webapp.subscriptions import dormancy, operations, queries
from webapp.subscriptions.models import Cadence, Subscription, SubscriptionState
from webapp.subscriptions.naming import wanted

blueprint = Blueprint("subscriptions", __name__, url_prefix="/subscriptions")
ASKING_PACE = "200 per hour"
"""Each may write to a stranger, if only to ask; operators may bring a whole list."""
SCHEMA = SubscriptionSchema()


@blueprint.route("", endpoint="subscriptions", tags=["Subscriptions"])
class Subscriptions(MethodView):
    @needs(Scope.SUBSCRIPTIONS_READ)
    @blueprint.query(PageQuery)
    @blueprint.answers(200, SubscriptionPage, says="A page of subscriptions, the newest first.")
    def get(self, query: dict[str, Any]) -> Any:
        """List subscriptions

        Operators see all of them, everyone else their own confirmed address.
        """
        return paging.page(queries.visible_to(caller()).order_by(Subscription.id.desc()), query)

    @needs(Scope.SUBSCRIPTIONS_WRITE)
    @blueprint.body(NewSubscription, example={"email": "reader@example.org"})
    @blueprint.answers(202, AskedSubscription, says="A mail that asks for confirmation is on its way.")
    def post(self, values: dict[str, Any]) -> Any:
        """Ask for the letter

        Nothing else is sent until the owner of the address has followed the link in that mail. The answer is the
        same for every address, known or new.
        """
        person, address = caller(), text.address(values["email"])
        consent = f"Asked for by @{person.handle} through the API, from {request.remote_addr}"
        operations.ask(email=address, consent=consent, now=clock.now(), wish=_wish(values, operations.USUAL))
        db.session.commit()
        return values | {"email": address}


@blueprint.route(f"/<{ID}:subscription_id>", endpoint="subscription", tags=["Subscriptions"])
class OneSubscription(MethodView):
    @needs(Scope.SUBSCRIPTIONS_READ)
    @blueprint.answers(200, SubscriptionSchema, says="The subscription.")
    def get(self, subscription_id: int) -> Response:
        """Read a subscription"""
        return answers.shown(SCHEMA, _visible(subscription_id))

    @needs(Scope.SUBSCRIPTIONS_WRITE)
    @blueprint.body(SubscriptionChange, example={"cadence": "daily", "hour": 7, "zone": "Asia/Shanghai"})
    @blueprint.answers(200, SubscriptionSchema, says="The subscription as it is now.")
    def patch(self, values: dict[str, Any], subscription_id: int) -> Response:
        """Change what you get and when

        Your own, once you have confirmed it. What you leave out stays as it is, and the change counts from the next
        slot.
        """
        subscription, now = _own(subscription_id), clock.now()
        answers.must_match(SCHEMA, subscription)
        if values:
            dormancy.heard_of(subscription, now=now)
            operations.choose(subscription, _wish(values, operations.as_it_is(subscription)), now=now)
            if "paused_until" in values:
                until = values["paused_until"]
                until = None if until is None else when.from_offset(until, field="paused_until")
                operations.pause(subscription, until=until, now=now)
            db.session.commit()
        return answers.shown(SCHEMA, subscription)

    @needs(Scope.SUBSCRIPTIONS_WRITE)
    @blueprint.answers(204, says="It has left; no further letter is sent.")
    def delete(self, subscription_id: int) -> Response:
        """Leave

        It stays in the list as left.
        """
        subscription = _visible(subscription_id)
        answers.must_match(SCHEMA, subscription)
        operations.leave(subscription, now=clock.now())
        db.session.commit()
        return answers.nothing()


def _wish(values: dict[str, Any], so_far: operations.Wish) -> operations.Wish:
    """What a body asks for; where it says nothing, as it is so far."""
    said: dict[str, Any] = {name: values[name] for name in ("hour", "zone") if name in values}
    if "follow" in values:
        said["follows"] = wanted(values["follow"])
    if "cadence" in values:
        said["cadence"] = Cadence(values["cadence"])
    if "weekday" in values:
        said["weekday"] = weekday_of(values["weekday"])
    return replace(so_far, **said)


def _own(subscription_id: int) -> Subscription:
    """The caller's own subscription, held until it is changed."""
    person, subscription = caller(), _visible(subscription_id, to_change=True)
    if subscription.address != person.email or not person.is_confirmed:
        raise Forbidden("Only its reader changes what comes and when.")
    if subscription.state is not SubscriptionState.ACTIVE:
        raise Refused("state", _("Only who gets letters can change what they get."))
    return subscription


def _visible(subscription_id: int, *, to_change: bool = False) -> Subscription:
    found = queries.visible_to(caller()).where(Subscription.id == subscription_id)
    subscription = db.session.scalar(found.with_for_update() if to_change else found)
    if subscription is None:
        raise NotFound
    return subscription


def _is_operator() -> bool:
    found = token()
    return found is not None and found.person.is_allowed(Role.OPERATOR)


limiter.limit(
    lambda: ASKING_PACE,
    key_func=payer,
    methods=["POST"],
    exempt_when=_is_operator,
    override_defaults=False,  # on top of the pace of the whole API
)(blueprint)  # a limit on the method alone would take the whole API's from its siblings
