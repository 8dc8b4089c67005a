"""One mail, told: the verdict as a sentence, what it means, why it was due, and what happened when.

The command line prints it and the pages show it. ``say`` writes an instant as whoever reads it wants it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from webapp.audit.models import AuditEntry
from webapp.digests.models import DigestRun
from webapp.mail.models import Delivery, DeliveryAttempt, Kind, State
from webapp.mail.transport import Phase, Verdict
from webapp.ops import queries
from webapp.reminders.models import Reminder
from webapp.subscriptions.models import Subscription

Say = Callable[[datetime], str]

VERDICTS: Mapping[State, tuple[str, str]] = {
    State.QUEUED: ("It waits in the queue.", "It goes at the next try, unless its time has passed by then."),
    State.CLAIMED: ("A worker has it.", "Its turn is now. If the worker dies, it goes back into the queue by itself."),
    State.SENDING: ("It is being handed over.", "The mail server is reading it, or is about to answer."),
    State.SENT: (
        "It was accepted.",
        "The mail server took it and said so. What happens from there on is up to that server.",
    ),
    State.FAILED: (
        "It was refused for good.",
        "The mail server will not take it, and nothing more is tried. Its answer stands below.",
    ),
    State.SUPPRESSED: ("It was not sent.", "This address is not written to any more."),
    State.CANCELLED: ("It was cancelled.", "It was called off before it left."),
    State.EXPIRED: ("It was not sent.", "Its time had passed before the mail server would take it."),
    State.UNCERTAIN: (
        "It was probably delivered once. We cannot know.",
        (
            "The mail server took the whole message, then the line went dead before it could say yes. We do not send "
            "it again unless you say so."
        ),
    ),
    State.SKIPPED: ("It was left out.", "There was nothing to send."),
}

TO_THE_READER: Mapping[State, tuple[str, str]] = {
    State.QUEUED: ("It has not left yet.", "We keep trying until it does, or until it would be of no use any more."),
    State.CLAIMED: ("It is about to leave.", ""),
    State.SENDING: ("It is leaving just now.", ""),
    State.SENT: ("We sent it.", "The mail server took it. If you do not find it, look where unwanted mail goes."),
    State.FAILED: ("It could not be delivered.", "The mail server refused it."),
    State.SUPPRESSED: ("We did not send it.", "Mail to this address came back, so we stopped writing to it."),
    State.CANCELLED: ("It was called off.", "It was changed, cancelled, or you had left, before it was sent."),
    State.EXPIRED: (
        "We did not send it.",
        "It could not be delivered in time, and later it is of no use.",
    ),
    State.UNCERTAIN: (
        "You probably have it.",
        "The connection broke before the mail server could confirm it, and we do not send it twice.",
    ),
    State.SKIPPED: ("We did not send it.", "There was nothing to send."),
}
"""The same verdicts for the person a mail is for."""

OUTCOMES: Mapping[str, str] = {
    Verdict.ACCEPTED: "The mail server accepted it.",
    Verdict.LATER: "The mail server put it off.",
    Verdict.REFUSED: "The mail server refused it for good.",
    Verdict.NO_SUCH_ADDRESS: "The mail server knows no such address.",
    Verdict.UNREACHABLE: "The mail server could not be reached.",
    Verdict.SIGN_IN_REFUSED: "The mail server refused our sign-in.",
    Verdict.STOPPED: "The process was told to end before all was said. It goes again.",
    Verdict.UNCERTAIN: "The connection ended without an answer.",
    "stale": "Somebody else had it by then. This report was not counted.",
}
BROKEN_OFF = "The connection broke before the end. It goes again."

PHASES: Mapping[str, str] = {
    Phase.CONNECT: "while connecting",
    Phase.SIGN_IN: "at the sign-in",
    Phase.MAIL: "at the sender",
    Phase.RCPT: "at the recipient",
    Phase.DATA: "before the message",
    Phase.BODY: "in the message",
    Phase.DOT: "after the whole message",
}

OF_A_KIND: Mapping[Kind, str] = {
    Kind.WELCOME: "Somebody who confirms their address is welcomed.",
    Kind.CONFIRM: "Somebody gave this address, and whoever reads it is asked whether that was them.",
    Kind.RESET: "Somebody asked for a new password for this address.",
    Kind.COMMENT: "This person was answered, or looks after a post on which something was said.",
    Kind.TEST: "Somebody who runs the site tried the way out.",
    Kind.ALARM: "Something was late, and this person runs the site.",
}


@dataclass(frozen=True)
class Step:
    """Something that happened, or is to happen, at an instant."""

    at: datetime
    text: str
    detail: str = ""
    is_wrong: bool = False


@dataclass(frozen=True)
class Fact:
    """A reason, by name."""

    name: str
    text: str


@dataclass(frozen=True)
class Story:
    """A mail, told."""

    delivery: Delivery
    verdict: str
    meaning: str
    steps: Sequence[Step]
    why: Sequence[Fact] = field(default=())

    @property
    def to_the_reader(self) -> tuple[str, str]:
        """Verdict and meaning, for the person it is for."""
        return TO_THE_READER[self.delivery.state]

    @property
    def is_uncertain(self) -> bool:
        return self.delivery.state is State.UNCERTAIN

    @property
    def can_go_again(self) -> bool:
        return self.delivery.state in {State.FAILED, State.EXPIRED}


def stories(deliveries: Sequence[Delivery]) -> list[Story]:
    """These mails without their reasons, told from two more statements, however many there are."""
    ids = [each.id for each in deliveries]
    attempts, decisions = queries.attempts_of(ids), queries.decisions_on(ids)
    return [_story(each, attempts.get(each.id, ()), decisions.get(each.id, ())) for each in deliveries]


def story(delivery: Delivery, say: Say) -> Story:
    """One mail with the reasons for it."""
    (told,) = stories([delivery])
    return Story(told.delivery, told.verdict, told.meaning, told.steps, tuple(_why(delivery, say)))


def _story(delivery: Delivery, attempts: Sequence[DeliveryAttempt], decisions: Sequence[AuditEntry]) -> Story:
    verdict, meaning = VERDICTS[delivery.state]
    if delivery.skip_reason:
        meaning = f"{_sentence(delivery.skip_reason)}"
    steps = [Step(delivery.due_at, "It was due."), Step(delivery.created_at, "It was written into the ledger.")]
    for attempt in attempts:
        steps += _attempt(delivery, attempt)
    if delivery.repeated_at is not None:
        steps.append(Step(delivery.repeated_at, "It was queued once more, with the same Message-ID."))
    steps += [Step(each.at, _decision(each), "written into the audit log") for each in decisions]
    if delivery.state is State.QUEUED:
        steps.append(Step(delivery.next_attempt_at, "The next try."))
    elif delivery.state in {State.SUPPRESSED, State.CANCELLED, State.EXPIRED, State.SKIPPED}:
        steps.append(Step(delivery.updated_at, verdict, delivery.skip_reason or ""))
    return Story(delivery, verdict, meaning, sorted(steps, key=lambda step: step.at))


def _attempt(delivery: Delivery, attempt: DeliveryAttempt) -> list[Step]:
    started = data = None
    if attempt.worker != "(gone)":
        started = Step(attempt.started_at, "A process took it and turned to the mail server.", attempt.worker)
    if delivery.data_started_at and attempt.started_at <= delivery.data_started_at <= attempt.ended_at:
        data = Step(delivery.data_started_at, "Sender and recipient were accepted, and the message began to leave.")
    is_cut = attempt.outcome == Verdict.LATER and attempt.code is None
    text = BROKEN_OFF if is_cut else OUTCOMES.get(attempt.outcome, attempt.outcome)
    answer = " ".join(str(part) for part in (attempt.code, attempt.reply) if part)
    where = "" if attempt.outcome == Verdict.ACCEPTED else PHASES.get(attempt.phase, attempt.phase)
    detail = ": ".join(part for part in (where, answer) if part)
    ended = Step(attempt.ended_at, text, detail, is_wrong=attempt.outcome != Verdict.ACCEPTED)
    return [step for step in (started, data, ended) if step is not None]


def _decision(entry: AuditEntry) -> str:
    if entry.action == "mail.resent":
        return f"{entry.actor} had it sent again."
    if entry.action == "mail.resolved":
        was_sent = entry.detail.get("outcome") == "sent"
        return f"{entry.actor} said that it {'arrived' if was_sent else 'did not arrive, and had it sent once more'}."
    return f"{entry.actor}: {entry.action}."


def _why(delivery: Delivery, say: Say) -> list[Fact]:
    subject = [Fact("Subject", delivery.content.subject)]
    if delivery.kind is Kind.REMINDER:
        return [*subject, *_of_reminder(queries.reminder_of(delivery), delivery, say)]
    if delivery.kind is Kind.DIGEST:
        return [*subject, *_of_letter(queries.run_of(delivery), queries.reader_of(delivery), say)]
    because = OF_A_KIND.get(delivery.kind)
    return [*subject, Fact("Because", because)] if because else subject


def _of_reminder(reminder: Reminder | None, delivery: Delivery, say: Say) -> list[Fact]:
    if reminder is None:
        return [Fact("Reminder", "Its owner has deleted it since.")]
    found = [Fact("Reminder", reminder.text), Fact("Set", say(reminder.created_at))]
    found.append(Fact("For", say(delivery.due_at)))
    if reminder.recurrence:
        found.append(Fact("Comes again", f"{reminder.recurrence}, in {reminder.zone}"))
    return found


def _of_letter(run: DigestRun | None, reader: Subscription | None, say: Say) -> list[Fact]:
    found = []
    if reader is not None:
        found.append(Fact("Asked for the letter", say(reader.asked_at)))
        if reader.confirmed_at is not None:
            found.append(Fact("Said yes", say(reader.confirmed_at)))
        if reader.left_at is not None:
            found.append(Fact("Left", say(reader.left_at)))
    if run is not None:
        found.append(Fact("Slot", say(run.slot_at)))
        found.append(Fact("Window", f"{say(run.window_start)} to {say(run.window_end)}"))
    return found


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."
