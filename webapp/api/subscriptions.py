"""Subscriptions to the letter: anybody's address may be asked for, only its owner and the operators see what became."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask.views import MethodView
from werkzeug.exceptions import NotFound

from webapp.accounts.models import Role, Scope
from webapp.api import answers, paging
from webapp.api.auth import caller, needs, payer, token
from webapp.api.blueprint import ID, Blueprint
from webapp.api.following import weekday_of
from webapp.api.schemas import AskedSubscription, NewSubscription, PageQuery, SubscriptionPage, SubscriptionSchema
from webapp.core import clock, text
from webapp.extensions import db, limiter
from webapp.subscriptions import operations, queries
from webapp.subscriptions.models import Cadence, Subscription
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
        wish = operations.Wish(
            wanted(values["follow"]),
            Cadence(values["cadence"]),
            weekday_of(values.get("weekday")),
            values.get("hour"),
            values.get("zone"),
        )
        operations.ask(email=address, consent=consent, now=clock.now(), wish=wish)
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


def _visible(subscription_id: int) -> Subscription:
    subscription = db.session.scalar(queries.visible_to(caller()).where(Subscription.id == subscription_id))
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
