"""The mail that asks whether the letter is wanted."""

from __future__ import annotations

from datetime import datetime

from webapp.core import languages
from webapp.mail.rendering import Rendered, render
from webapp.subscriptions import links, schedules, wording
from webapp.subscriptions.following import Following
from webapp.subscriptions.models import Cadence, Subscription


def confirmation(subscription: Subscription, now: datetime) -> Rendered:
    """Asks the owner of the address to say yes."""
    with languages.speaking(subscription.language):
        in_full = wording.in_full(subscription)
    return render(
        "subscriptions/mail/confirm",
        language=subscription.language,
        confirm_url=links.confirm_url(subscription),
        days=links.CONFIRM_WITHIN.days,
        next_at=None if subscription.cadence is Cadence.POST else schedules.of(subscription).after(now),
        zone=wording.zone_of(subscription),
        is_usual=subscription.follows == "site" and subscription.schedule_key == Cadence.WEEKLY,
        in_full=in_full,
    )


def addition(subscription: Subscription, more: Following) -> Rendered:
    """Asks a reader whether it was they who want to follow more."""
    with languages.speaking(subscription.language):
        what = wording.what(more)
    return render(
        "subscriptions/mail/add",
        language=subscription.language,
        add_url=links.add_url(subscription, more),
        days=links.CONFIRM_WITHIN.days,
        what=what,
    )


def still_wanted(subscription: Subscription, days: int, *, is_paused: bool) -> Rendered:
    """Asks a reader not heard of for long whether they still want letters; they answer in ``days``, or did not."""
    with languages.speaking(subscription.language):
        in_full = wording.in_full(subscription)
    return render(
        "subscriptions/mail/still",
        language=subscription.language,
        still_url=links.still_url(subscription),
        leave_url=links.leave_url(subscription),
        days=days,
        is_paused=is_paused,
        in_full=in_full,
    )
