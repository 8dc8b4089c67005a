"""Readers from whom nothing has been heard for long: asked once whether they still want letters, and paused if not.

Off unless the site says after how many days. Nothing tells us who opens a mail, so a sign is what a reader does here:
confirming, choosing, pausing, answering.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import func, or_, select

from webapp.core import site
from webapp.extensions import db
from webapp.mail import operations as mail
from webapp.mail.models import Kind
from webapp.mail.rendering import new_marker, place
from webapp.subscriptions import links, mails
from webapp.subscriptions.models import ANSWER_WITHIN, Subscription, SubscriptionState

UNTIL_THEY_ANSWER = datetime(9999, 1, 1, tzinfo=UTC)
"""The end of the pause of who did not answer."""
PAGE = 200


def ask_again(*, now: datetime) -> int:
    """Asks a page of those not heard of for so long; returns how many. Nobody is asked twice without an answer."""
    days = site.config().digest_ask_again_days
    if not days:
        return 0
    heard = func.coalesce(Subscription.last_sign_at, Subscription.confirmed_at)
    found = _page(Subscription.asked_again_at.is_(None), heard <= now - timedelta(days=days), now=now)
    for reader in found:
        reader.asked_again_at = now
        _mail(reader, now)
    return len(found)


def pause_silent(*, now: datetime) -> int:
    """Pauses a page of those who were asked and did not answer; returns how many."""
    if not site.config().digest_ask_again_days:
        return 0
    found = _page(Subscription.asked_again_at <= now - ANSWER_WITHIN, now=now)
    for reader in found:
        reader.paused_until = UNTIL_THEY_ANSWER
    return len(found)


def heard_of(reader: Subscription, *, now: datetime) -> None:
    """The reader did something. Who was paused for silence gets letters again, the first one for one period."""
    reader.last_sign_at, reader.asked_again_at = now, None
    if reader.paused_until == UNTIL_THEY_ANSWER:
        reader.paused_until = None
        reader.starts_afresh = True


def _page(*conditions: object, now: datetime) -> Sequence[Subscription]:
    awake = or_(Subscription.paused_until.is_(None), Subscription.paused_until <= now)
    return db.session.scalars(
        select(Subscription)
        .where(Subscription.state == SubscriptionState.ACTIVE, awake, *conditions)  # type: ignore[arg-type]
        .order_by(Subscription.id)
        .limit(PAGE)
        .with_for_update(skip_locked=True)
    ).all()


def _mail(reader: Subscription, now: datetime) -> None:
    marker = new_marker()
    rendered = mails.still_wanted(reader, ANSWER_WITHIN.days)
    content = mail.compose(
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        marker=marker,
        headers={
            "List-Id": f"<letter.{urlsplit(site.config().site_url).hostname}>",
            "List-Unsubscribe": f"<{place(marker, 'leave_url')}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
    mail.enqueue(
        kind=Kind.CONFIRM,
        address=reader.address,
        content=content,
        dedupe_key=f"still:{reader.id}:{now:%Y-%m-%d}",
        values={"leave_url": links.leave_url(reader)},
        reader_id=reader.id,
        now=now,
        expires_at=now + links.CONFIRM_WITHIN,
    )
