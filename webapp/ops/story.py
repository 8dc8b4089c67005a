"""One mail, told: the verdict as a sentence, what it means, why it was due, and what happened when.

The command line prints it and the pages show it. ``say`` writes an instant as whoever reads it wants it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from webapp.audit.models import AuditEntry
from webapp.core.words import _, kept, later
from webapp.digests.models import DigestRun
from webapp.mail.models import Delivery, DeliveryAttempt, Kind, State
from webapp.mail.transport import Phase, Verdict
from webapp.ops import queries
from webapp.reminders import history
from webapp.reminders.models import Reminder
from webapp.subscriptions.models import Subscription

Say = Callable[[datetime], str]

VERDICTS: Mapping[State, tuple[Any, Any]] = {
    State.QUEUED: (
        later("It waits in the queue."),
        later("It goes at the next try, unless its time has passed by then."),
    ),
    State.CLAIMED: (
        later("A worker has it."),
        later("Its turn is now. If the worker dies, it goes back into the queue by itself."),
    ),
    State.SENDING: (later("It is being handed over."), later("The mail server is reading it, or is about to answer.")),
    State.SENT: (
        later("It was accepted."),
        later("The mail server took it and said so. What happens from there on is up to that server."),
    ),
    State.FAILED: (
        later("It was refused for good."),
        later("The mail server will not take it, and nothing more is tried. Its answer stands below."),
    ),
    State.SUPPRESSED: (later("It was not sent."), later("This address is not written to any more.")),
    State.CANCELLED: (later("It was cancelled."), later("It was called off before it left.")),
    State.EXPIRED: (later("It was not sent."), later("Its time had passed before the mail server would take it.")),
    State.UNCERTAIN: (
        later("It was probably delivered once. We cannot know."),
        later(
            "The mail server took the whole message, then the line went dead before it could say yes. We do not send "
            "it again unless you say so."
        ),
    ),
    State.SKIPPED: (later("It was left out."), later("There was nothing to send.")),
}

TO_THE_READER: Mapping[State, tuple[Any, Any]] = {
    State.QUEUED: (
        later("It has not left yet."),
        later("We keep trying until it does, or until it would be of no use any more."),
    ),
    State.CLAIMED: (later("It is about to leave."), ""),
    State.SENDING: (later("It is leaving just now."), ""),
    State.SENT: (
        later("We sent it."),
        later("The mail server took it. If you do not find it, look where unwanted mail goes."),
    ),
    State.FAILED: (later("It could not be delivered."), later("The mail server refused it.")),
    State.SUPPRESSED: (
        later("We did not send it."),
        later("Mail to this address came back, so we stopped writing to it."),
    ),
    State.CANCELLED: (
        later("It was called off."),
        later("It was changed, cancelled, or you had left, before it was sent."),
    ),
    State.EXPIRED: (
        later("We did not send it."),
        later("It could not be delivered in time, and later it is of no use."),
    ),
    State.UNCERTAIN: (
        later("You probably have it."),
        later("The connection broke before the mail server could confirm it, and we do not send it twice."),
    ),
    State.SKIPPED: (later("We did not send it."), later("There was nothing to send.")),
}
"""The same verdicts for the person a mail is for."""

OUTCOMES: Mapping[str, Any] = {
    Verdict.ACCEPTED: later("The mail server accepted it."),
    Verdict.LATER: later("The mail server put it off."),
    Verdict.REFUSED: later("The mail server refused it for good."),
    Verdict.NO_SUCH_ADDRESS: later("The mail server knows no such address."),
    Verdict.UNREACHABLE: later("The mail server could not be reached."),
    Verdict.SIGN_IN_REFUSED: later("The mail server refused our sign-in."),
    Verdict.STOPPED: later("The process was told to end before all was said. It goes again."),
    Verdict.UNCERTAIN: later("The connection ended without an answer."),
    "stale": later("Somebody else had it by then. This report was not counted."),
}
BROKEN_OFF = later("The connection broke before the end. It goes again.")

PHASES: Mapping[str, Any] = {
    Phase.CONNECT: later("while connecting"),
    Phase.SIGN_IN: later("at the sign-in"),
    Phase.MAIL: later("at the sender"),
    Phase.RCPT: later("at the recipient"),
    Phase.DATA: later("before the message"),
    Phase.BODY: later("in the message"),
    Phase.DOT: later("after the whole message"),
}

OF_A_KIND: Mapping[Kind, Any] = {
    Kind.WELCOME: later("Somebody who confirms their address is welcomed."),
    Kind.CONFIRM: later("Somebody gave this address, and whoever reads it is asked whether that was them."),
    Kind.RESET: later("Somebody asked for a new password for this address."),
    Kind.COMMENT: later("This person was answered, or looks after a post on which something was said."),
    Kind.REVIEW: later("It was this person's turn in the review of a post, or they became one of its authors."),
    Kind.TEST: later("Somebody who runs the site tried the way out."),
    Kind.ALARM: later("Something was late, and this person runs the site."),
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
        verdict, meaning = TO_THE_READER[self.delivery.state]
        return str(verdict), str(meaning)

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
    verdict, meaning = (str(each) for each in VERDICTS[delivery.state])
    if delivery.skip_reason:
        meaning = _sentence(kept(delivery.skip_reason))
    steps = [
        Step(delivery.due_at, _("It was due.")),
        Step(delivery.created_at, _("It was written into the ledger.")),
    ]
    for attempt in attempts:
        steps += _attempt(delivery, attempt)
    if delivery.repeated_at is not None:
        steps.append(Step(delivery.repeated_at, _("It was queued once more, with the same Message-ID.")))
    steps += [Step(each.at, _decision(each), _("written into the audit log")) for each in decisions]
    if delivery.state is State.QUEUED:
        steps.append(Step(delivery.next_attempt_at, _("The next try.")))
    elif delivery.state in {State.SUPPRESSED, State.CANCELLED, State.EXPIRED, State.SKIPPED}:
        steps.append(Step(delivery.updated_at, verdict, kept(delivery.skip_reason)))
    return Story(delivery, verdict, meaning, sorted(steps, key=lambda step: step.at))


def _attempt(delivery: Delivery, attempt: DeliveryAttempt) -> list[Step]:
    started = data = None
    if attempt.worker != "(gone)":
        started = Step(attempt.started_at, _("A process took it and turned to the mail server."), attempt.worker)
    if delivery.data_started_at and attempt.started_at <= delivery.data_started_at <= attempt.ended_at:
        data = Step(delivery.data_started_at, _("Sender and recipient were accepted, and the message began to leave."))
    is_cut = attempt.outcome == Verdict.LATER and attempt.code is None
    text = str(BROKEN_OFF if is_cut else OUTCOMES.get(attempt.outcome, attempt.outcome))
    answer = " ".join(str(part) for part in (attempt.code, attempt.reply) if part)
    where = "" if attempt.outcome == Verdict.ACCEPTED else str(PHASES.get(attempt.phase, attempt.phase))
    detail = _(": ").join(part for part in (where, answer) if part)
    ended = Step(attempt.ended_at, text, detail, is_wrong=attempt.outcome != Verdict.ACCEPTED)
    return [step for step in (started, data, ended) if step is not None]


def _decision(entry: AuditEntry) -> str:
    if entry.action == "mail.resent":
        return _("%(actor)s had it sent again.", actor=entry.actor)
    if entry.action == "mail.resolved":
        if entry.detail.get("outcome") == "sent":
            return _("%(actor)s said that it arrived.", actor=entry.actor)
        return _("%(actor)s said that it did not arrive, and had it sent once more.", actor=entry.actor)
    return f"{entry.actor}: {entry.action}."


def _why(delivery: Delivery, say: Say) -> list[Fact]:
    subject = [Fact(_("Subject"), delivery.content.subject)]
    if delivery.kind is Kind.REMINDER:
        return [*subject, *_of_reminder(queries.reminder_of(delivery), delivery, say)]
    if (asked := queries.request_of(delivery)) is not None:
        return [*subject, Fact(_("Because"), _("%(name)s asked whether they may be reminded.", name=asked.person.name))]
    if delivery.kind is Kind.DIGEST:
        return [*subject, *_of_letter(queries.run_of(delivery), queries.reader_of(delivery), say)]
    because = OF_A_KIND.get(delivery.kind)
    return [*subject, Fact(_("Because"), because)] if because else subject


def _of_reminder(reminder: Reminder | None, delivery: Delivery, say: Say) -> list[Fact]:
    if reminder is None:
        return [Fact(_("Reminder"), _("Its owner has deleted it since."))]
    found = [Fact(_("Reminder"), reminder.text), Fact(_("Set"), say(reminder.created_at))]
    if delivery.dedupe_key.endswith(history.OTHER):
        found.append(Fact(_("By"), queries.owner_of(reminder).name))
    found.append(Fact(_("For"), say(delivery.due_at)))
    if reminder.recurrence:
        found.append(Fact(_("Comes again"), _("%(rule)s, in %(zone)s", rule=reminder.recurrence, zone=reminder.zone)))
    return found


def _of_letter(run: DigestRun | None, reader: Subscription | None, say: Say) -> list[Fact]:
    found = []
    if reader is not None:
        found.append(Fact(_("Asked for the letter"), say(reader.asked_at)))
        if reader.confirmed_at is not None:
            found.append(Fact(_("Said yes"), say(reader.confirmed_at)))
        if reader.left_at is not None:
            found.append(Fact(_("Left"), say(reader.left_at)))
    if run is not None:
        found.append(Fact(_("Slot"), say(run.slot_at)))
        found.append(Fact(_("Window"), _("%(start)s to %(end)s", start=say(run.window_start), end=say(run.window_end))))
    return found


def _sentence(words: str) -> str:
    return _("%(sentence)s.", sentence=f"{words[:1].upper()}{words[1:].rstrip('.。')}")
