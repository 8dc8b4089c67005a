"""The signed links of a reader: to confirm, to follow more, to see and change what they get, to leave.

None needs an account. All are checked against the row as it is now.
"""

from __future__ import annotations

from datetime import timedelta

from webapp.core import tokens
from webapp.core.urls import absolute
from webapp.extensions import db
from webapp.subscriptions.following import Following
from webapp.subscriptions.models import Subscription, SubscriptionState

CONFIRM = "letter.confirm"
LEAVE = "letter.leave"
MANAGE = "letter.manage"
ADD = "letter.add"
STILL = "letter.still"
CONFIRM_WITHIN = timedelta(days=7)


def confirm_url(subscription: Subscription) -> str:
    """Used up once its reader leaves: coming back takes a new confirmation."""
    return absolute("subscriptions.confirm", token=tokens.sign(CONFIRM, [subscription.id, _stay(subscription)]))


def to_confirm(token: str) -> Subscription | None:
    """The subscription a confirmation link is for; None when it is forged, older than a week or used up."""
    match tokens.read(CONFIRM, token, max_age=CONFIRM_WITHIN):
        case [int(subscription_id), str(stay)]:
            subscription = db.session.get(Subscription, subscription_id)
            return subscription if subscription and _stay(subscription) == stay else None
    return None


def leave_token(subscription: Subscription) -> str:
    """Never expires: whoever finds an old letter can still leave."""
    return tokens.sign(LEAVE, subscription.id)


def leave_url(subscription: Subscription) -> str:
    return absolute("subscriptions.unsubscribe", token=leave_token(subscription))


def to_leave(token: str) -> Subscription | None:
    """The subscription a leave link is for; None when it is forged or its row is gone."""
    match tokens.read(LEAVE, token, max_age=None):
        case int(subscription_id):
            return db.session.get(Subscription, subscription_id)
    return None


def manage_token(subscription: Subscription) -> str:
    """Works for as long as the row is there, as the link to leave does."""
    return tokens.sign(MANAGE, subscription.id)


def manage_url(subscription: Subscription) -> str:
    return absolute("subscriptions.letters", token=manage_token(subscription))


def to_manage(token: str) -> Subscription | None:
    """The subscription a settings link is for; None when it is forged or its row is gone."""
    match tokens.read(MANAGE, token, max_age=None):
        case int(subscription_id):
            return db.session.get(Subscription, subscription_id)
    return None


def still_url(subscription: Subscription) -> str:
    """Says that letters are still wanted. It works for as long as the row is there, like the link to leave."""
    payload = [subscription.id, _stay(subscription)]
    return absolute("subscriptions.still", token=tokens.sign(STILL, payload))


def to_stay(token: str) -> Subscription | None:
    """Whose letters a link says are still wanted; None when it is forged or they have left since."""
    match tokens.read(STILL, token, max_age=None):
        case [int(subscription_id), str(stay)]:
            found = db.session.get(Subscription, subscription_id)
            if found and _stay(found) == stay and found.state is SubscriptionState.ACTIVE:
                return found
    return None


def add_url(subscription: Subscription, more: Following) -> str:
    """Adds what somebody asked for in a reader's name, once the reader says so."""
    payload = [subscription.id, _stay(subscription), str(more)]
    return absolute("subscriptions.add", token=tokens.sign(ADD, payload))


def to_add(token: str) -> tuple[Subscription, Following] | None:
    """The reader and what they may add; None when it is forged, older than a week, or they have left since."""
    match tokens.read(ADD, token, max_age=CONFIRM_WITHIN):
        case [int(subscription_id), str(stay), str(more)]:
            found = db.session.get(Subscription, subscription_id)
            if found and _stay(found) == stay and found.state is SubscriptionState.ACTIVE:
                return found, Following.read(more)
    return None


def _stay(subscription: Subscription) -> str:
    """Differs each time the same address comes back after leaving."""
    left_at = subscription.left_at
    return tokens.fingerprint(subscription.address, left_at and left_at.timestamp())
