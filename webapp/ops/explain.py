"""Why someone did or did not get a mail: everything the house knows about one address, in sentences.

``manage.py mail explain`` prints it, `/ops/explain` shows it to operators, and `/settings/mail` to the person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from webapp.accounts import queries as people
from webapp.accounts.models import Person
from webapp.core.days import ALWAYS, Days
from webapp.core.words import _, kept
from webapp.digests import opening
from webapp.digests import queries as digests
from webapp.digests.models import DigestRun, RunState
from webapp.mail import queries as mails
from webapp.mail.models import Kind, State, Suppression
from webapp.ops.queries import NotReached
from webapp.ops.story import VERDICTS, Say, Story, stories
from webapp.reminders import queries as reminders
from webapp.reminders import recipients
from webapp.reminders.models import Leave, Reminder
from webapp.subscriptions import queries as subscriptions
from webapp.subscriptions import wording
from webapp.subscriptions.dormancy import UNTIL_THEY_ANSWER
from webapp.subscriptions.models import Subscription, SubscriptionState

LETTERS = 5
COMING = 5


@dataclass(frozen=True)
class Missed:
    """A letter that went out without this reader."""

    slot_at: datetime
    why: str


@dataclass(frozen=True)
class Answer:
    """``who`` is what the house knows about the address, ``mails`` what it wrote there, newest first."""

    address: str
    person: Person | None
    subscription: Subscription | None
    suppression: Suppression | None
    who: Sequence[str]
    mails: Sequence[Story]
    missed: Sequence[Missed]
    coming: Sequence[Reminder]


def answer(address: str, *, kind: Kind | None, say: Say, limit: int = 10, days: Days = ALWAYS) -> Answer:
    """Did it go out? With ``days``, only what was due on them, or is to come on them.

    The same number of statements, however much there is to tell.
    """
    person, subscription = people.by_email(address), subscriptions.by_address(address)
    suppression = mails.suppression_of(address)
    found = mails.newest(limit=limit, address=address, kind=kind, days=days)
    return Answer(
        address=address,
        person=person,
        subscription=subscription,
        suppression=suppression,
        who=(*_who(address, person, subscription, suppression, say), *_asked(address, say)),
        mails=stories(found),
        missed=_missed(address, subscription, days) if kind in {None, Kind.DIGEST} else [],
        coming=reminders.coming_up(person, limit=COMING, days=days) if kind in {None, Kind.REMINDER} and person else [],
    )


def explain(address: str, *, kind: Kind | None, zone: ZoneInfo, limit: int = 10, days: Days = ALWAYS) -> Iterator[str]:
    """The answer as lines for a terminal, times to the millisecond."""

    def say(moment: datetime) -> str:
        return _at(moment, zone)

    told = answer(address, kind=kind, say=say, limit=limit, days=days)
    yield from told.who
    yield ""
    if not told.mails:
        asked = (f" as {kind}" if kind else "") + (" of these days" if days else "")
        yield f"No mail to this address is in the ledger{asked}."
    for each in told.mails:
        yield from _one_mail(each, say)
    for missed in told.missed:
        yield f"No letter of {say(missed.slot_at)}: {missed.why}."
    for reminder in told.coming:
        yield f"Still to come: “{reminder.text}”, due {say(reminder.due_at)}."


def reason(run: DigestRun, found: NotReached) -> str:
    """Why somebody has no mail of a run, in a sentence."""
    if found.delivery is None:
        words = _why_not(run, found.subscription)
        return _("%(sentence)s.", sentence=f"{words[:1].upper()}{words[1:]}")
    verdict = str(VERDICTS[found.delivery.state][0])
    answer = kept(found.delivery.skip_reason) or found.delivery.smtp_reply
    return f"{verdict} {answer}" if answer else verdict


def _who(
    address: str,
    person: Person | None,
    subscription: Subscription | None,
    suppression: Suppression | None,
    say: Say,
) -> Iterator[str]:
    if person is None:
        yield _("%(address)s: no account.", address=address)
    elif person.email_confirmed_at is None:
        yield _(
            "%(address)s: account of %(name)s, not confirmed; nothing but the confirmation goes there.",
            address=address,
            name=person.name,
        )
    else:
        yield _(
            "%(address)s: account of %(name)s, confirmed %(when)s.",
            address=address,
            name=person.name,
            when=say(person.email_confirmed_at),
        )
    if subscription is None:
        yield _("Letter: never asked for.")
    elif subscription.state is SubscriptionState.PENDING:
        yield _("Letter: asked for %(when)s, never confirmed, so none is sent.", when=say(subscription.asked_at))
    elif subscription.state is SubscriptionState.LEFT and subscription.left_at is not None:
        yield _("Letter: left %(when)s.", when=say(subscription.left_at))
    elif subscription.confirmed_at is not None:
        yield _("Letter: gets it since %(when)s.", when=say(subscription.confirmed_at))
        yield from _settings(subscription, say)
    if suppression is not None:
        yield _(
            "Not written to since %(when)s: %(reason)s",
            when=say(suppression.created_at),
            reason=kept(suppression.reason),
        )


def _settings(subscription: Subscription, say: Say) -> Iterator[str]:
    """What a reader gets and when, and what keeps it back at present."""
    in_full = wording.in_full(subscription)
    if subscription.scheduled_from is None:
        yield _("What and when: %(what)s.", what=in_full)
    else:
        yield _("What and when: %(what)s, chosen %(when)s.", what=in_full, when=say(subscription.scheduled_from))
    if subscription.paused_until == UNTIL_THEY_ANSWER:
        yield _("Paused: asked whether letters are still wanted, and did not answer.")
    elif subscription.paused_until is not None:
        yield _("Paused until %(when)s.", when=say(subscription.paused_until))


def _asked(address: str, say: Say) -> Iterator[str]:
    """Who wants to remind the owner of this address, and what they said to it."""
    for each in reminders.asking(address):
        named = {"name": each.person.name, "address": each.person.email}
        if each.taken_back_at is not None:
            yield _(
                "Reminders of %(name)s (%(address)s): taken back %(when)s; none is sent.",
                when=say(each.taken_back_at),
                **named,
            )
        elif each.leave is Leave.ASKED:
            yield _(
                "Reminders of %(name)s (%(address)s): asked for %(when)s, not accepted, so none is sent.",
                when=say(each.asked_at),
                **named,
            )
        elif each.answered_at is not None and each.leave is Leave.ACCEPTED:
            yield _("Reminders of %(name)s (%(address)s): accepted %(when)s.", when=say(each.answered_at), **named)
        elif each.answered_at is not None:
            yield _(
                "Reminders of %(name)s (%(address)s): refused %(when)s, so none is sent.",
                when=say(each.answered_at),
                **named,
            )
    if recipients.is_closed(address):
        yield _("Its owner wants to be asked by nobody whether they may be reminded.")


def _missed(address: str, subscription: Subscription | None, days: Days) -> list[Missed]:
    """The letters that might have come: the site's own, and those of the reader's schedule."""
    keys = {opening.WEEKLY, opening.NOW}
    if subscription is not None:
        keys |= {subscription.schedule_key} | ({opening.POST} if subscription.each_post_from else set())
    runs = digests.newest(LETTERS, days=days, keys=keys)
    got = mails.runs_that_wrote_to(address, [run.id for run in runs])
    return [Missed(run.slot_at, _why_not(run, subscription)) for run in runs if run.id not in got]


def _one_mail(told: Story, say: Say) -> Iterator[str]:
    delivery = told.delivery
    yield f"Mail {delivery.id}, {delivery.kind}: “{delivery.content.subject}”"
    yield f"  {told.verdict} {told.meaning}"
    for step in told.steps:
        yield f"  {say(step.at)}  {step.text}  {step.detail}".rstrip()
    if delivery.state is State.SENT and delivery.sent_at is not None:
        late = (delivery.sent_at - delivery.due_at).total_seconds()
        yield f"  That was {late:.3f} s after it was due."


def _why_not(run: DigestRun, subscription: Subscription | None) -> str:
    return _not_a_reader(run, subscription) or (subscription and _not_theirs(run, subscription)) or _nothing_in_it(run)


def _not_a_reader(run: DigestRun, subscription: Subscription | None) -> str | None:
    if subscription is not None and subscription.state is SubscriptionState.PENDING:
        return _("asked for the letter and never confirmed")
    if subscription is None or subscription.confirmed_at is None or subscription.confirmed_at > run.created_at:
        return _("not a reader then")
    if subscription.left_at is not None and subscription.left_at <= run.created_at:
        return _("left before that")
    return None


def _nothing_in_it(run: DigestRun) -> str:
    if run.state is RunState.SKIPPED:
        return kept(run.note) or _("the slot was skipped")
    if run.state is RunState.PLANNING:
        return _("it is still being written")
    if run.state is RunState.ANNOUNCED:
        return _("it waits, so that an editor can stop it")
    return _("nothing new since the one before")


def _not_theirs(run: DigestRun, subscription: Subscription) -> str | None:
    """Why a run was for others, by what the reader has chosen since."""
    key, began = run.schedule_key, subscription.scheduled_from
    if key == opening.POST:
        began = subscription.each_post_from
        if began is None or began > run.slot_at:
            return _("did not get each post at once then")
    elif key not in {opening.NOW, subscription.schedule_key}:
        return _("their letters come at other times: %(what)s", what=wording.in_full(subscription))
    elif key != opening.NOW and began is not None and began > run.slot_at:
        return _("chose these times later")
    if subscription.paused_until is not None and subscription.paused_until > run.slot_at:
        return _("had paused")
    return None


def _at(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1000:03d} {zone.key}"
