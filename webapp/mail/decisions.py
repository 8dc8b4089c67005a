"""What a person decides about a mail that has ended: it counts as sent, or goes once more. Each is audited."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from webapp import jobs
from webapp.audit import operations as audit
from webapp.core.errors import Refused
from webapp.core.words import _, kept
from webapp.extensions import db
from webapp.mail.models import Delivery, State, Suppression
from webapp.mail.operations import count_changed, worth_sending_until


def resolve(delivery_id: int, *, was_sent: bool, now: datetime, by: str = audit.SHELL) -> None:
    """An operator's word on an uncertain mail: it arrived, or it goes again with the same Message-ID.

    Raises :class:`Refused` when there is no such mail or it is not uncertain.
    """
    delivery = db.session.get(Delivery, delivery_id, populate_existing=True)
    if delivery is None:
        raise Refused("id", _("There is no mail %(id)s.", id=delivery_id))
    changes: dict[str, Any] = {"state": State.SENT, "sent_at": delivery.data_started_at or now}
    if not was_sent:
        expires_at = max(delivery.expires_at, worth_sending_until(delivery.kind, now))
        changes = {"state": State.QUEUED, "repeated_at": now, "next_attempt_at": now, "expires_at": expires_at}
    uncertain = update(Delivery).where(Delivery.id == delivery_id, Delivery.state == State.UNCERTAIN)
    if count_changed(uncertain.values(**changes)) != 1:
        raise Refused(
            "id",
            _(
                "Mail %(id)s is %(state)s. Only an uncertain one can be resolved.",
                id=delivery_id,
                state=_(delivery.state.value),
            ),
        )
    audit.record("mail.resolved", f"mail {delivery_id}", now=now, actor=by, outcome="sent" if was_sent else "resend")
    if not was_sent:
        jobs.after_commit(db.session(), "mail.deliver", delivery_id)


def resend(delivery_id: int, *, now: datetime, by: str = audit.SHELL) -> None:
    """An operator has a mail tried again that was refused or whose time had passed, with the same Message-ID.

    Raises :class:`Refused` when there is no such mail, it has not ended so, or its address is not written to any more.
    """
    delivery = db.session.get(Delivery, delivery_id, populate_existing=True)
    if delivery is None:
        raise Refused("id", _("There is no mail %(id)s.", id=delivery_id))
    suppression = db.session.scalar(select(Suppression).where(Suppression.address == delivery.address))
    if suppression is not None:
        raise Refused(
            "id",
            _(
                "%(address)s is not written to any more: %(reason)s",
                address=delivery.address,
                reason=kept(suppression.reason),
            ),
        )
    ended = update(Delivery).where(Delivery.id == delivery_id, Delivery.state.in_([State.FAILED, State.EXPIRED]))
    again = ended.values(
        state=State.QUEUED,
        repeated_at=now,
        next_attempt_at=now,
        expires_at=max(delivery.expires_at, worth_sending_until(delivery.kind, now)),
        smtp_code=None,
        smtp_reply=None,
        skip_reason=None,
    )
    if count_changed(again) != 1:
        raise Refused(
            "id",
            _(
                "Mail %(id)s is %(state)s. Only one that failed or expired can go again.",
                id=delivery_id,
                state=_(delivery.state.value),
            ),
        )
    audit.record("mail.resent", f"mail {delivery_id}", now=now, actor=by)
    jobs.after_commit(db.session(), "mail.deliver", delivery_id)
