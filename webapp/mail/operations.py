"""The ledger's rules: how a mail is written down, claimed, moved from state to state, and never twice.

Every move is one UPDATE that names the state and the claim it comes from. When it changes no row, someone else has the
mail now, and whoever asked must stop.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any

from sqlalchemy import CursorResult, Update, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from webapp import jobs
from webapp.core import site
from webapp.core.words import mark
from webapp.extensions import db
from webapp.mail import guard, holds, queries, signals
from webapp.mail.models import Delivery, DeliveryAttempt, HoldKind, Kind, MailContent, State, Suppression
from webapp.mail.transport import Outcome, Phase, Verdict

CLAIM_LEASE = timedelta(seconds=30)
SENDING_LEASE = timedelta(minutes=11)
"""Longer than the ten minutes that RFC 5321 4.5.3.2.6 gives a server to answer the final dot."""

RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 480))
RETRY_JITTER = 0.2
LIFETIME = timedelta(hours=24)
DIGEST_LIFETIME = timedelta(hours=48)
TIME_HAD_PASSED = mark("its time had passed")

REPEATED = frozenset({Kind.REMINDER, Kind.WELCOME})
REPEAT_AFTER = timedelta(minutes=1)
"""How long an uncertain reminder waits before it goes once more: whatever broke may still be broken."""

_random = SystemRandom()


@dataclass(frozen=True)
class Claim:
    """The right to send one mail until ``lease_until`` of its row; ``token`` fences off whoever had it before."""

    delivery_id: int
    token: str


def compose(
    *,
    subject: str,
    text: str,
    html: str,
    headers: dict[str, str] | None = None,
    marker: str = "",
    calendar: str | None = None,
) -> MailContent:
    """A mail as everyone who gets it will read it. Line breaks in the subject or a header become spaces."""
    content = MailContent(
        subject=_on_one_line(subject)[:500],
        text=text,
        html=html,
        headers={name: _on_one_line(value) for name, value in (headers or {}).items()},
        marker=marker,
        calendar=calendar,
    )
    db.session.add(content)
    return content


def enqueue(
    *,
    kind: Kind,
    address: str,
    content: MailContent,
    dedupe_key: str,
    now: datetime,
    values: dict[str, str] | None = None,
    due_at: datetime | None = None,
    expires_at: datetime | None = None,
    person_id: int | None = None,
    reader_id: int | None = None,
    run_id: int | None = None,
    claim_token: str | None = None,
    dispatch: bool = True,
) -> Delivery | None:
    """Writes one mail to one address into the ledger; None when ``dedupe_key`` is there already.

    The row is queued and, after the commit, offered to a worker (unless ``dispatch`` is off: a bulk sender drains).
    With a ``claim_token`` it is born claimed, for a caller that sends it itself. ``values`` fill the content's places.
    ``due_at`` is when it is to go, now unless given; its lateness is counted from then.
    """
    db.session.flush()  # the content needs its id
    row: dict[str, Any] = {
        "kind": kind,
        "address": address,
        "content_id": content.id,
        "dedupe_key": dedupe_key,
        "values": values or {},
        "message_id": f"<{secrets.token_hex(16)}@{site.config().mail_from.rpartition('@')[2]}>",
        "state": State.CLAIMED if claim_token else State.QUEUED,
        "claim_token": claim_token,
        "lease_until": now + CLAIM_LEASE if claim_token else None,
        "due_at": due_at or now,
        "next_attempt_at": max(now, due_at or now),
        "expires_at": expires_at or worth_sending_until(kind, due_at or now),
        "person_id": person_id,
        "reader_id": reader_id,
        "run_id": run_id,
    }
    insert = (postgresql if db.session.get_bind().dialect.name == "postgresql" else sqlite).insert
    written = db.session.scalar(
        insert(Delivery).values(row).on_conflict_do_nothing(index_elements=["dedupe_key"]).returning(Delivery.id)
    )
    if written is None:
        return None
    is_later = due_at is not None and due_at > now  # the dispatcher has it then
    if dispatch and not claim_token and not is_later:
        jobs.after_commit(db.session(), "mail.deliver", written)
    return db.session.get_one(Delivery, written)


def worth_sending_until(kind: Kind, due_at: datetime) -> datetime:
    """When a mail of this kind expires, unless its writer knows better."""
    return due_at + (DIGEST_LIFETIME if kind is Kind.DIGEST else LIFETIME)


def claim(delivery_id: int, *, now: datetime) -> Claim | None:
    """Takes a queued mail for :data:`CLAIM_LEASE`; None when it is not there to be taken, or all mail is held."""
    if guard.keeps_mail_back(now=now):
        return None
    found = Claim(delivery_id, secrets.token_hex(16))
    taken = _changed(
        update(Delivery)
        .where(
            Delivery.id == delivery_id,
            Delivery.state == State.QUEUED,
            Delivery.next_attempt_at <= now,
            holds.nothing_holds(),
        )
        .values(state=State.CLAIMED, claim_token=found.token, lease_until=now + CLAIM_LEASE)
    )
    return found if taken else None


def claim_batch(*, limit: int, now: datetime) -> list[Claim]:
    """Takes up to ``limit`` mails whose time has come. Two callers never get the same one."""
    if guard.keeps_mail_back(now=now):
        return []
    due = (
        select(Delivery.id)
        .where(Delivery.state == State.QUEUED, Delivery.next_attempt_at <= now, holds.nothing_holds())
        .order_by(Delivery.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)  # SQLite leaves this out: it has one writer at a time
    )
    claims = [Claim(delivery_id, secrets.token_hex(16)) for delivery_id in db.session.scalars(due)]
    return [
        each
        for each in claims
        if _changed(
            update(Delivery)
            .where(Delivery.id == each.delivery_id, Delivery.state == State.QUEUED)
            .values(state=State.CLAIMED, claim_token=each.token, lease_until=now + CLAIM_LEASE)
        )
    ]


def end_unsent(held: Claim, delivery: Delivery, *, now: datetime) -> bool:
    """Ends a claimed mail that must not go: past its time, or to a suppressed address. True when it did."""
    if delivery.expires_at <= now:
        ended = _move(held, State.CLAIMED, state=State.EXPIRED, skip_reason=TIME_HAD_PASSED)
        if ended:
            signals.expired.send(None, mails=[(delivery.dedupe_key, delivery.due_at)], now=now)
        return ended
    suppression = db.session.scalar(select(Suppression).where(Suppression.address == delivery.address))
    if suppression is not None:
        return _move(held, State.CLAIMED, state=State.SUPPRESSED, skip_reason=suppression.reason)
    return False


def start_sending(held: Claim, *, now: datetime) -> bool:
    """Written down before DATA, while the lease still holds. False: the mail is not ours any more, do not send it."""
    return _changed(
        update(Delivery)
        .where(
            Delivery.id == held.delivery_id,
            Delivery.state == State.CLAIMED,
            Delivery.claim_token == held.token,
            Delivery.lease_until > now,
            holds.nothing_holds(),
        )
        .values(
            state=State.SENDING,
            data_started_at=now,
            lease_until=now + SENDING_LEASE,
            attempts=Delivery.attempts + 1,
        )
    )


def still_sending(held: Claim, *, now: datetime) -> bool:
    """Renews the lease of a mail on its way. False: somebody else has decided about it, do not finish it."""
    return _changed(
        update(Delivery)
        .where(
            Delivery.id == held.delivery_id,
            Delivery.state == State.SENDING,
            Delivery.claim_token == held.token,
            Delivery.lease_until > now,
        )
        .values(lease_until=now + SENDING_LEASE)
    )


def record(held: Claim, outcome: Outcome, *, worker: str, started_at: datetime, now: datetime) -> None:
    """Writes down how an attempt ended and what follows from it."""
    delivery = db.session.get_one(Delivery, held.delivery_id, populate_existing=True)
    moved = _move(
        held,
        State.SENDING if delivery.state is State.SENDING else State.CLAIMED,
        smtp_code=outcome.code,
        smtp_reply=outcome.reply,
        **_what_follows(delivery, outcome, now),
    )
    if outcome.verdict is Verdict.NO_SUCH_ADDRESS and moved:
        suppress(delivery.address, reason=f"{outcome.code} {outcome.reply}"[:200], now=now)
    if outcome.verdict is Verdict.SIGN_IN_REFUSED:
        holds.place(HoldKind.SIGN_IN, f"The mail server refused our sign-in: {outcome.code} {outcome.reply}", now=now)
    if outcome.verdict is not Verdict.WAITING:  # nothing was tried
        db.session.add(
            DeliveryAttempt(
                delivery_id=held.delivery_id,
                phase=outcome.phase,
                outcome=outcome.verdict if moved else "stale",
                code=outcome.code,
                reply=outcome.reply,
                worker=worker,
                started_at=started_at,
                ended_at=now,
            )
        )


def _what_follows(delivery: Delivery, outcome: Outcome, now: datetime) -> dict[str, Any]:
    """The columns that an outcome changes."""
    is_counted = delivery.state is State.CLAIMED  # what reached DATA was counted there
    counted = {"attempts": Delivery.attempts + 1} if is_counted else {}
    match outcome.verdict:
        case Verdict.ACCEPTED:
            return {"state": State.SENT, "sent_at": now}
        case Verdict.UNCERTAIN:
            return after_uncertainty(delivery, now)
        case Verdict.REFUSED | Verdict.NO_SUCH_ADDRESS:
            return {"state": State.FAILED, **counted}
        case Verdict.LATER:
            step = RETRY_AFTER[min(len(failed_attempts(delivery.id)), len(RETRY_AFTER) - 1)]
            next_try = now + step * _random.uniform(1 - RETRY_JITTER, 1 + RETRY_JITTER)
            return {"state": State.QUEUED, "next_attempt_at": min(next_try, delivery.expires_at), **counted}
        case Verdict.UNREACHABLE | Verdict.SIGN_IN_REFUSED | Verdict.WAITING | Verdict.STOPPED:
            next_try = now + timedelta(seconds=outcome.wait_seconds or 0)
            return {"state": State.QUEUED, "next_attempt_at": min(next_try, delivery.expires_at)}


def after_uncertainty(delivery: Delivery, now: datetime) -> dict[str, Any]:
    """What becomes of a mail that was perhaps accepted: a reminder goes once more, anything else waits for a person.

    It keeps its Message-ID, by which a mail program may know the second one.
    """
    is_repeated = (
        site.config().repeat_uncertain_reminders
        and delivery.kind in REPEATED
        and delivery.repeated_at is None
        and delivery.expires_at > now + REPEAT_AFTER
    )
    if is_repeated:
        return {"state": State.QUEUED, "repeated_at": now, "next_attempt_at": now + REPEAT_AFTER}
    return {"state": State.UNCERTAIN}


def suppress(address: str, *, reason: str, now: datetime) -> None:
    """Stops all mail to an address."""
    if db.session.scalar(select(Suppression.id).where(Suppression.address == address)) is None:
        db.session.add(Suppression(address=address, reason=reason, created_at=now))


def cancel_waiting(
    *,
    reason: str,
    now: datetime,
    reader_id: int | None = None,
    dedupe_key: str | None = None,
    keys_with: str | None = None,
    content_ids: Collection[int] | None = None,
) -> int:
    """Cancels what has not reached DATA, for one reader, one key, the keys that begin so or these contents.

    Returns how many.
    """
    if [reader_id, dedupe_key, keys_with, content_ids].count(None) != 3:  # all but one
        raise ValueError("name a reader, a key, what keys begin with, or contents")
    whose = Delivery.reader_id == reader_id
    if dedupe_key is not None:
        whose = Delivery.dedupe_key == dedupe_key
    elif keys_with is not None:
        whose = queries.keys_with(keys_with)
    elif content_ids is not None:
        whose = Delivery.content_id.in_(content_ids)
    return count_changed(
        update(Delivery)
        .where(whose, Delivery.state.in_([State.QUEUED, State.CLAIMED]))
        .values(state=State.CANCELLED, skip_reason=reason, claim_token=None, lease_until=None, updated_at=now)
    )


def reword(dedupe_key: str, content: MailContent, *, now: datetime) -> bool:
    """Gives a mail that nobody has begun to send other words. False when it is too late for that."""
    db.session.flush()  # the content needs its id
    queued = (Delivery.dedupe_key == dedupe_key, Delivery.state == State.QUEUED)
    old = db.session.scalar(select(Delivery.content_id).where(*queued))
    if old is None or not _changed(update(Delivery).where(*queued).values(content_id=content.id, updated_at=now)):
        return False
    if db.session.scalar(select(Delivery.id).where(Delivery.content_id == old).limit(1)) is None:
        db.session.execute(delete(MailContent).where(MailContent.id == old))
    return True


def recover_leases(*, now: datetime) -> int:
    """What dead workers held: a claim goes back into the queue; a mail that was being sent is uncertain."""
    freed = count_changed(
        update(Delivery)
        .where(Delivery.state == State.CLAIMED, Delivery.lease_until <= now)
        .values(state=State.QUEUED, claim_token=None, lease_until=None, next_attempt_at=now)
    )
    lost = select(Delivery).where(Delivery.state == State.SENDING, Delivery.lease_until <= now)
    found = db.session.scalars(lost.execution_options(populate_existing=True)).all()
    return freed + sum(_recover_lost(delivery, now) for delivery in found)


def _recover_lost(delivery: Delivery, now: datetime) -> bool:
    reply = "the process that was sending it ended before it could say how that went"
    held = Claim(delivery.id, delivery.claim_token or "")
    moved = _move(held, State.SENDING, smtp_code=None, smtp_reply=reply, **after_uncertainty(delivery, now))
    if moved:
        db.session.add(
            DeliveryAttempt(
                delivery_id=delivery.id,
                phase=Phase.DOT,
                outcome=Verdict.UNCERTAIN,
                reply=reply,
                worker="(gone)",
                started_at=delivery.data_started_at or now,
                ended_at=now,
            )
        )
    return moved


def expire_waiting(*, now: datetime) -> int:
    """Ends what waited in the queue until its time had passed, also while nothing can be sent."""
    ended = db.session.execute(
        update(Delivery)
        .where(Delivery.state == State.QUEUED, Delivery.expires_at <= now)
        .values(state=State.EXPIRED, skip_reason=TIME_HAD_PASSED)
        .returning(Delivery.dedupe_key, Delivery.due_at)
        .execution_options(synchronize_session="fetch")
    ).all()
    if ended:
        signals.expired.send(None, mails=[tuple(row) for row in ended], now=now)
    return len(ended)


def failed_attempts(delivery_id: int) -> Sequence[DeliveryAttempt]:
    """The attempts that the server itself put off."""
    return db.session.scalars(
        select(DeliveryAttempt).where(
            DeliveryAttempt.delivery_id == delivery_id, DeliveryAttempt.outcome == Verdict.LATER
        )
    ).all()


def _move(held: Claim, from_: State, **values: Any) -> bool:
    return _changed(
        update(Delivery)
        .where(Delivery.id == held.delivery_id, Delivery.state == from_, Delivery.claim_token == held.token)
        .values(claim_token=None, lease_until=None, **values)
    )


def _changed(statement: Update) -> bool:
    return count_changed(statement) == 1


def count_changed(statement: Update) -> int:
    result = db.session.execute(statement.execution_options(synchronize_session="fetch"))
    assert isinstance(result, CursorResult)  # noqa: S101  # what SQLAlchemy gives for an UPDATE
    return result.rowcount


def _on_one_line(value: str) -> str:
    return " ".join(value.replace("\0", "").split())
