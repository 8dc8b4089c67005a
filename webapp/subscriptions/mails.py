"""The mail that asks whether the letter is wanted."""

from __future__ import annotations

from datetime import datetime

from webapp.core import weekly
from webapp.mail.rendering import Rendered, render
from webapp.subscriptions import links
from webapp.subscriptions.models import Subscription


def confirmation(subscription: Subscription, now: datetime) -> Rendered:
    """Asks the owner of the address to say yes."""
    return render(
        "subscriptions/mail/confirm",
        language=subscription.language,
        confirm_url=links.confirm_url(subscription),
        days=links.CONFIRM_WITHIN.days,
        next_at=weekly.letter().after(now),
    )
