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
from webapp.mail.rendering import Rendered, new_marker, place
from webapp.subscriptions import links, mails
from webapp.subscriptions.models import ANSWER_WITHIN, Subscription, SubscriptionState

UNTIL_THEY_ANSWER = datetime(9999, 1, 1, tzinfo=UTC)
"""The end of the pause of who did not answer."""
PAGE = 200


def ask_again(*, after: int, now: datetime) -> int:
    """Asks a page of those not heard of for so long. Nobody is asked twice without an answer.

    The page begins behind the id ``after``; returns the last id on it, and 0 when there is nobody any more.
    """
    days = site.config().digest_ask_again_days
    if not days:
        return 0
    heard = func.coalesce(Subscription.last_sign_at, Subscription.confirmed_at)
    is_silent = heard <= now - timedelta(days=days)
    found = _page(Subscription.asked_again_at.is_(None), is_silent, after=after, now=now)
    for reader in found:
        reader.asked_again_at = now
        _mail(reader, now)
    return found[-1].id if found else 0


def pause_silent(*, after: int, now: datetime) -> int:
    """Pauses a page of those who were asked and did not answer, as :func:`ask_again` goes through them."""
    if not site.config().digest_ask_again_days:
        return 0
    found = _page(Subscription.asked_again_at <= now - ANSWER_WITHIN, after=after, now=now)
    for reader in found:
        reader.paused_until = UNTIL_THEY_ANSWER
    return found[-1].id if found else 0


def heard_of(reader: Subscription, *, now: datetime) -> None:
    """The reader did something. Who was paused for silence gets letters again, the first one for one period.

    To be called before what they did is written down: it may move the pause, which then would not be known for one of
    silence.
    """
    db.session.refresh(reader, with_for_update=True)  # they may be asked or paused in this moment
    reader.last_sign_at, reader.asked_again_at = now, None
    if is_silent(reader):
        reader.paused_until = None
        reader.starts_afresh = True


def is_waited_for(reader: Subscription) -> bool:
    """Whether the reader was asked and has not answered."""
    return reader.state is SubscriptionState.ACTIVE and (reader.asked_again_at is not None or is_silent(reader))


def is_silent(reader: Subscription) -> bool:
    """Whether the reader is paused because they did not answer."""
    return reader.paused_until == UNTIL_THEY_ANSWER


def question(reader: Subscription) -> Rendered:
    """The mail that asks whether letters are still wanted."""
    return mails.still_wanted(reader, ANSWER_WITHIN.days, is_paused=is_silent(reader))


def _page(*conditions: object, after: int, now: datetime) -> Sequence[Subscription]:
    awake = or_(Subscription.paused_until.is_(None), Subscription.paused_until <= now)
    return db.session.scalars(
        select(Subscription)
        .where(
            *(Subscription.id > after, Subscription.state == SubscriptionState.ACTIVE, awake),
            *conditions,  # type: ignore[arg-type]
        )
        .order_by(Subscription.id)
        .limit(PAGE)
        .with_for_update(skip_locked=True)
    ).all()


def _mail(reader: Subscription, now: datetime) -> None:
    marker = new_marker()
    rendered = question(reader)
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
