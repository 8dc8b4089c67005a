"""The mail that asks whether the letter is wanted."""

from __future__ import annotations

from datetime import datetime

from webapp.mail.rendering import Rendered, render
from webapp.subscriptions import links, schedules, wording
from webapp.subscriptions.following import Following
from webapp.subscriptions.models import Cadence, Subscription


def confirmation(subscription: Subscription, now: datetime) -> Rendered:
    """Asks the owner of the address to say yes."""
    return render(
        "subscriptions/mail/confirm",
        confirm_url=links.confirm_url(subscription),
        days=links.CONFIRM_WITHIN.days,
        next_at=None if subscription.cadence is Cadence.POST else schedules.of(subscription).after(now),
        zone=wording.zone_of(subscription),
        is_usual=subscription.follows == "site" and subscription.schedule_key == Cadence.WEEKLY,
        what=wording.what(Following.read(subscription.follows)),
        how_often=wording.how_often(subscription),
    )


def addition(subscription: Subscription, more: Following) -> Rendered:
    """Asks a reader whether it was they who want to follow more."""
    return render(
        "subscriptions/mail/add",
        add_url=links.add_url(subscription, more),
        days=links.CONFIRM_WITHIN.days,
        what=wording.what(more),
    )
