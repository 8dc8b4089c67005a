"""Asking for the letter, confirming, leaving."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from webapp.accounts.models import Person
from webapp.core.text import address as normalised
from webapp.core.weekly import A_WEEK
from webapp.core.words import mark
from webapp.extensions import db
from webapp.mail import operations as mail
from webapp.mail.models import Kind
from webapp.mail.rendering import Rendered
from webapp.subscriptions import links, mails, queries
from webapp.subscriptions.models import Subscription, SubscriptionState

CONFIRMATION_PAUSE = timedelta(minutes=10)
CONFIRMATIONS_A_DAY = 3
A_DAY = timedelta(days=1)


def ask(
    *, email: str, consent: str, now: datetime, person: Person | None = None, language: str | None = None
) -> Subscription:
    """Someone wants the letter at an address; ``consent`` says in words how they asked.

    The owner of the address is asked by mail and nothing else is sent until they confirm, except that ``person`` asking
    for their own confirmed address gets the letter at once. A known address is answered no differently: what the caller
    shows must not depend on the state of the row that comes back. Raises :class:`Refused` for what is no address.
    """
    subscription = _row_of(normalised(email), now)
    is_own = person is not None and person.email == subscription.address
    if subscription.state is not SubscriptionState.ACTIVE:
        subscription.language = language or subscription.language
    confirmation = mails.confirmation(
        subscription, now
    )  # rendered for every address alike: time must not tell who reads us
    if subscription.state is SubscriptionState.ACTIVE:
        return subscription
    subscription.state = SubscriptionState.PENDING
    subscription.consent = consent
    subscription.asked_at = now
    if person is not None and is_own:
        subscription.person_id = person.id
    if person is not None and is_own and person.is_confirmed:
        confirm(subscription, now=now)
    else:
        _mail_once(subscription, confirmation, now)
    return subscription


def confirm(subscription: Subscription, *, now: datetime) -> None:
    """From now on they get the letter. Confirming twice changes nothing."""
    if subscription.state is not SubscriptionState.PENDING:
        return
    subscription.state = SubscriptionState.ACTIVE
    subscription.confirmed_at = now
    if subscription.covered_until is not None and subscription.covered_until < now - A_WEEK:
        subscription.covered_until = None  # who comes back after a year gets the last week, not the year


def leave(subscription: Subscription, *, now: datetime) -> None:
    """Stops everything to this reader, from this instant: what still waits in the ledger is cancelled."""
    if subscription.state is SubscriptionState.LEFT:
        return
    subscription.state = SubscriptionState.LEFT
    subscription.left_at = now
    db.session.flush()  # the row first: a digest being planned holds it, and must finish before we look for its mail
    mail.cancel_waiting(reader_id=subscription.id, reason=mark("the reader left"), now=now)


def _row_of(address: str, now: datetime) -> Subscription:
    found = queries.by_address(address)
    if found is not None:
        return found
    made = Subscription(address=address, asked_at=now)
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError:  # someone else asked for the same address in this moment
        found = queries.by_address(address)
        if found is None:
            raise
        return found
    return made


def _mail_once(subscription: Subscription, confirmation: Rendered, now: datetime) -> None:
    """Mails the question, unless it was mailed just now: nobody can fill a stranger's mailbox with it."""
    asked = queries.confirmations_of(subscription)
    since = max(now - A_DAY, subscription.left_at or now - A_DAY)
    lately = [at for at in asked if at > since]
    if len(lately) >= CONFIRMATIONS_A_DAY or (lately and lately[-1] > now - CONFIRMATION_PAUSE):
        return
    mail.enqueue(
        kind=Kind.CONFIRM,
        address=subscription.address,
        content=mail.compose(subject=confirmation.subject, text=confirmation.text, html=confirmation.html),
        dedupe_key=f"confirm:letter:{subscription.id}:{len(asked)}",  # two requests at once write the same key
        reader_id=subscription.id,
        now=now,
        expires_at=now + links.CONFIRM_WITHIN,  # worth delivering for as long as its link works
    )
