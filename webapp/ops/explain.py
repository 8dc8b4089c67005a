"""Why someone did or did not get a mail: everything the house knows about one address, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from webapp.accounts import queries as people
from webapp.accounts.models import Person
from webapp.digests import queries as digests
from webapp.digests.models import DigestRun, RunState
from webapp.mail import queries as mails
from webapp.mail.models import Delivery, Kind, State
from webapp.reminders import queries as reminders
from webapp.subscriptions import queries as subscriptions
from webapp.subscriptions.models import Subscription, SubscriptionState

VERDICTS = {
    State.QUEUED: "It waits in the queue",
    State.CLAIMED: "A worker has it",
    State.SENDING: "It is being handed over",
    State.SENT: "It was accepted",
    State.FAILED: "It was refused for good",
    State.SUPPRESSED: "It was not sent: this address is not written to any more",
    State.CANCELLED: "It was cancelled",
    State.EXPIRED: "It was not sent: its time had passed",
    State.UNCERTAIN: "It was probably delivered once; we cannot know",
    State.SKIPPED: "It was left out",
}


def explain(address: str, *, kind: Kind | None, zone: ZoneInfo, limit: int = 10) -> Iterator[str]:
    """Lines for an operator: who this is, what has gone out and how, and what has not and why."""
    person, subscription = people.by_email(address), subscriptions.by_address(address)
    yield from _who(address, person, subscription, zone)
    yield ""
    found = mails.newest(limit=limit, address=address, kind=kind)
    if not found:
        yield "No mail to this address is in the ledger" + (f" as {kind}." if kind else ".")
    for delivery in found:
        yield from _one_mail(delivery, zone)
    if kind in {None, Kind.DIGEST}:
        yield from _letters_missed(subscription, found, zone)
    if kind in {None, Kind.REMINDER} and person is not None:
        for reminder in reminders.coming_up(person, limit=5):
            yield f"Still to come: “{reminder.text}”, due {_at(reminder.due_at, zone)}."


def _who(address: str, person: Person | None, subscription: Subscription | None, zone: ZoneInfo) -> Iterator[str]:
    if person is None:
        yield f"{address}: no account."
    elif person.email_confirmed_at is None:
        yield f"{address}: account of {person.name}, not confirmed; nothing but the confirmation goes there."
    else:
        yield f"{address}: account of {person.name}, confirmed {_at(person.email_confirmed_at, zone)}."
    if subscription is None:
        yield "Letter: never asked for."
    elif subscription.state is SubscriptionState.PENDING:
        yield f"Letter: asked for {_at(subscription.asked_at, zone)}, never confirmed, so none is sent."
    elif subscription.state is SubscriptionState.LEFT and subscription.left_at is not None:
        yield f"Letter: left {_at(subscription.left_at, zone)}."
    elif subscription.confirmed_at is not None:
        yield f"Letter: gets it since {_at(subscription.confirmed_at, zone)}."
    suppression = mails.suppression_of(address)
    if suppression is not None:
        yield f"Not written to since {_at(suppression.created_at, zone)}: {suppression.reason}"


def _one_mail(delivery: Delivery, zone: ZoneInfo) -> Iterator[str]:
    yield f"Mail {delivery.id}, {delivery.kind}: “{delivery.content.subject}”"
    verdict = VERDICTS[delivery.state]
    reason = f": {delivery.skip_reason}" if delivery.skip_reason else ""
    yield f"  {verdict}{reason}."
    yield f"  due      {_at(delivery.due_at, zone)}"
    yield f"  written  {_at(delivery.created_at, zone)}"
    for attempt in mails.attempts_of(delivery.id):
        answer = " ".join(str(part) for part in (attempt.code, attempt.reply) if part)
        yield f"  tried    {_at(attempt.started_at, zone)}  {attempt.phase}: {attempt.outcome}  {answer}".rstrip()
    if delivery.sent_at is not None:
        late = (delivery.sent_at - delivery.due_at).total_seconds()
        yield f"  sent     {_at(delivery.sent_at, zone)}, {late:.3f} s after it was due"
    elif delivery.state is State.QUEUED:
        yield f"  next try {_at(delivery.next_attempt_at, zone)}"


def _letters_missed(subscription: Subscription | None, found: Sequence[Delivery], zone: ZoneInfo) -> Iterator[str]:
    got = {delivery.run_id for delivery in found}
    for run in digests.newest(5):
        if run.id not in got:
            yield f"No letter of {_at(run.slot_at, zone)}: {_why_not(run, subscription)}."


def _why_not(run: DigestRun, subscription: Subscription | None) -> str:
    if subscription is None or subscription.confirmed_at is None or subscription.confirmed_at > run.created_at:
        return "was not a reader then"
    if subscription.left_at is not None and subscription.left_at <= run.created_at:
        return "had left"
    if run.state is RunState.SKIPPED:
        return run.note or "the slot was skipped"
    if run.state is RunState.PLANNING:
        return "it is still being written"
    return "nothing new since the one before"


def _at(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1000:03d} {zone.key}"
