"""Asking for the letter, confirming, choosing what and when, pausing, leaving."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from webapp.accounts.models import Person
from webapp.core import site, zones
from webapp.core.errors import Refused
from webapp.core.text import address as normalised
from webapp.core.words import _, mark
from webapp.extensions import db
from webapp.mail import operations as mail
from webapp.mail.models import Kind
from webapp.mail.rendering import Rendered
from webapp.subscriptions import dormancy, links, mails, queries, schedules
from webapp.subscriptions.following import MOST, SITE, Following
from webapp.subscriptions.models import Cadence, Subscription, SubscriptionState

CONFIRMATION_PAUSE = timedelta(minutes=10)
CONFIRMATIONS_A_DAY = 3
A_DAY = timedelta(days=1)
LONGEST_PAUSE = timedelta(days=366)


@dataclass(frozen=True)
class Wish:
    """What somebody wants to get, and when.

    ``cadence`` is that of all in ``follows`` that has none of its own. ``weekday``, ``hour`` and ``zone`` are None
    where the site's are meant.
    """

    follows: Following = SITE
    cadence: Cadence = Cadence.WEEKLY
    weekday: int | None = None
    hour: int | None = None
    zone: str | None = None


USUAL = Wish()


def ask(
    *,
    email: str,
    consent: str,
    now: datetime,
    person: Person | None = None,
    wish: Wish | None = None,
    language: str | None = None,
) -> Subscription:
    """Someone wants the letter at an address; ``consent`` says in words how they asked.

    Who gets letters already has their settings left alone, whatever the ``wish``: anybody may type an address. They
    are mailed a link by which they can add what was asked for.

    The owner of the address is asked by mail and nothing else is sent until they confirm, except that ``person`` asking
    for their own confirmed address gets the letter at once. A known address is answered no differently: what the caller
    shows must not depend on the state of the row that comes back. Raises :class:`Refused` for what is no address and
    for a wish that does not fit, known or not.
    """
    address = normalised(email)
    if wish is not None:
        _time_of(wish, wish.follows.cadences(wish.cadence))
    subscription = _row_of(address, now)
    is_own = person is not None and person.email == subscription.address
    is_active = subscription.state is SubscriptionState.ACTIVE
    if is_active and is_own and person is not None and person.is_confirmed:
        dormancy.heard_of(subscription, now=now)
    more = more_than(subscription, wish) if is_active else None
    if not is_active:
        wish = wish or USUAL
        _choose(subscription, replace(wish, follows=wish.follows.plain(wish.cadence)), now)
        subscription.language = language or subscription.language
    question = _question(subscription, more, now)  # for every address alike: time must not tell who reads us
    if is_active:
        if more and is_own and person is not None and person.is_confirmed:
            follow(subscription, more, now=now)
        elif more or dormancy.is_waited_for(subscription):
            _mail_once(subscription, question, now)
        return subscription
    subscription.state = SubscriptionState.PENDING
    subscription.consent = consent
    subscription.asked_at = now
    if person is not None and is_own:
        subscription.person_id = person.id
    if person is not None and is_own and person.is_confirmed:
        confirm(subscription, now=now)
    else:
        _mail_once(subscription, question, now)
    return subscription


def confirm(subscription: Subscription, *, now: datetime) -> None:
    """From now on they get the letter. Confirming twice changes nothing."""
    if subscription.state is not SubscriptionState.PENDING:
        return
    subscription.state = SubscriptionState.ACTIVE
    subscription.confirmed_at = subscription.last_sign_at = now
    subscription.asked_again_at = subscription.paused_until = None
    subscription.starts_afresh = True  # who comes back after a year gets the last week, not the year
    if subscription.each_post_from is not None:
        subscription.each_post_from = now
    _begin_with_posts(subscription, now)


def choose(subscription: Subscription, wish: Wish, *, now: datetime) -> None:
    """Settles what a reader gets and when. The posts they have had stay had, and none is left out by the change.

    Raises :class:`Refused` for ``follows``, ``weekday``, ``hour`` or ``zone``.
    """
    _choose(subscription, wish, now)
    if subscription.state is SubscriptionState.ACTIVE:
        _begin_with_posts(subscription, now)


def as_it_is(subscription: Subscription) -> Wish:
    """What would change nothing."""
    follows = Following.read(subscription.follows)
    return Wish(follows, subscription.cadence, subscription.weekday, subscription.hour, subscription.zone)


def follow(subscription: Subscription, more: Following, *, now: datetime) -> None:
    """Adds authors and tags, or gives them another cadence. What comes as soon with the whole site is left out.

    Raises :class:`Refused`.
    """
    wish = as_it_is(subscription)
    choose(subscription, replace(wish, follows=wish.follows | more), now=now)


def more_than(subscription: Subscription, wish: Wish | None) -> Following | None:
    """What a wish asks for that a reader does not follow yet, or not as often."""
    if wish is None:
        return None
    following, usual = Following.read(subscription.follows), subscription.cadence
    own = dict(wish.follows.own)
    new = frozenset(
        word
        for word in wish.follows.words()
        if word not in set(following.words())
        or (word in own and own[word].is_faster_than(following.cadence_of(word, usual)))
    )
    more = (following | wish.follows).needed(usual)
    return more.named(new) or None


def unfollow(subscription: Subscription, less: Following, *, now: datetime) -> None:
    """Takes authors and tags away. Raises :class:`Refused` when nothing would be left: to leave is another thing."""
    wish = as_it_is(subscription)
    choose(subscription, replace(wish, follows=wish.follows.without(less)), now=now)


def pause(subscription: Subscription, *, until: datetime | None, now: datetime) -> None:
    """No letter before ``until``; the first one after it brings what came meanwhile. None ends the pause.

    Raises :class:`Refused` for ``paused_until``.
    """
    if until is not None and not now < until <= now + LONGEST_PAUSE:
        raise Refused("paused_until", _("Choose a day after today and within a year."))
    subscription.paused_until = until


def leave(subscription: Subscription, *, now: datetime) -> None:
    """Stops everything to this reader, from this instant: what still waits in the ledger is cancelled."""
    if subscription.state is SubscriptionState.LEFT:
        return
    subscription.state = SubscriptionState.LEFT
    subscription.left_at = now
    db.session.flush()  # the row first: a digest being planned holds it, and must finish before we look for its mail
    mail.cancel_waiting(reader_id=subscription.id, reason=mark("the reader left"), now=now)


def _choose(subscription: Subscription, wish: Wish, now: datetime) -> None:
    follows = wish.follows.needed(wish.cadence)
    cadences = follows.cadences(wish.cadence)
    weekday, hour, zone = _time_of(wish, cadences)
    subscription.follows = str(follows)
    subscription.cadence, subscription.weekday, subscription.hour, subscription.zone = wish.cadence, weekday, hour, zone
    if Cadence.POST not in cadences:
        subscription.each_post_from = None
    elif subscription.each_post_from is None:
        subscription.each_post_from = now
    key = schedules.key(cadences, weekday, hour, zone)
    if key != subscription.schedule_key:
        # a slot of today that has passed by the new clock is not theirs: it would come at once
        subscription.schedule_key, subscription.scheduled_from = key, now


def _time_of(wish: Wish, cadences: Collection[Cadence]) -> tuple[int | None, int | None, str | None]:
    """Weekday, hour and zone, as far as they are not the site's. Raises :class:`Refused` for what does not fit."""
    weekday, hour, zone = wish.weekday, wish.hour, wish.zone
    if not wish.follows:
        raise Refused("follows", _("Choose something to follow, or leave."))
    if len(wish.follows) > MOST:
        raise Refused("follows", _("Follow at most %(most)s authors and tags, or the whole site.", most=MOST))
    if weekday is not None and not 0 <= weekday <= 6:  # the days of a week
        raise Refused("weekday", _("Choose a day of the week."))
    if hour is not None and not 0 <= hour <= 23:  # the hours of a day
        raise Refused("hour", _("Choose an hour from 0 to 23."))
    if zone is not None and (zone := zones.named(zone)) is None:
        raise Refused("zone", _("We do not know that city. Try the nearest large one, such as Shanghai."))
    config = site.config()
    if set(cadences) <= {Cadence.DAILY, Cadence.POST}:
        weekday = None
    is_sites = (
        weekday in {None, config.weekday}
        and hour in {None, config.digest_time.hour}
        and zone in {None, config.site_timezone}
    )
    if is_sites or set(cadences) == {Cadence.POST}:
        return None, None, None  # whoever wants what the site has goes with the site
    return weekday, hour, zone


def _begin_with_posts(subscription: Subscription, now: datetime) -> None:
    """Who gets each post when it appears has no period to begin with: the first is the next that appears."""
    has_begun = subscription.covered_until is not None and not subscription.starts_afresh
    if subscription.schedule_key == Cadence.POST and not has_begun:
        subscription.covered_until = max(now, subscription.covered_until or now)
        subscription.starts_afresh = False


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


def _question(subscription: Subscription, more: Following | None, now: datetime) -> Rendered:
    """What the owner of an address is asked: to add something, to stay after a silence, or whether it is theirs."""
    if more:
        return mails.addition(subscription, more)
    if dormancy.is_waited_for(subscription):
        return dormancy.question(subscription)
    return mails.confirmation(subscription, now)


def _mail_once(subscription: Subscription, question: Rendered, now: datetime) -> None:
    """Mails the question, unless it was mailed just now: nobody can fill a stranger's mailbox with it."""
    asked = queries.confirmations_of(subscription)
    since = max(now - A_DAY, subscription.left_at or now - A_DAY)
    lately = [at for at in asked if at > since]
    if len(lately) >= CONFIRMATIONS_A_DAY or (lately and lately[-1] > now - CONFIRMATION_PAUSE):
        return
    mail.enqueue(
        kind=Kind.CONFIRM,
        address=subscription.address,
        content=mail.compose(subject=question.subject, text=question.text, html=question.html),
        dedupe_key=f"confirm:letter:{subscription.id}:{len(asked)}",  # two requests at once write the same key
        reader_id=subscription.id,
        now=now,
        expires_at=now + links.CONFIRM_WITHIN,  # worth delivering for as long as its link works
    )
